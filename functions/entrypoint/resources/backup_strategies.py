"""Backup strategies."""

from functions.entrypoint import policy
from functions.entrypoint.api_request import ApiRequest, Handlers, ResponseBody
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import (
    BackupStrategiesDeleteParametersQuery,
    BackupStrategiesListParametersQuery,
    BackupStrategyCreate,
)
from functions.entrypoint.resources.backups import check_container
from functions.state.backups import strategies
from functions.state.backups.models import BackupStrategy
from functions.state.instances import instances

OTHERS = "backup_strategy:other_projects"


def list_strategies(request: ApiRequest[None, BackupStrategiesListParametersQuery]) -> ResponseBody:
    """List a project's strategies. Raises Forbidden if it is another project and the caller no administrator."""
    instance_id = request.query.instance_id and require_id("Instance", request.query.instance_id)
    found = strategies.strategies(_project_id(request, request.query.project_id), instance_id)
    return {"backup_strategies": [_view(strategy) for strategy in found]}


def create_strategy(request: ApiRequest[BackupStrategyCreate, None]) -> ResponseBody:
    """Create or replace a strategy. Raises NotFound: no such instance; BadRequest: an invalid container name."""
    asked, project_id = request.body.backup_strategy, request.identity.project_id
    check_container(asked.swift_container)
    instance_id = strategies.DEFAULT
    if asked.instance_id:
        instance_id = instances.get(project_id, require_id("Instance", asked.instance_id)).id
    strategy = BackupStrategy(project_id=project_id, instance_id=instance_id, swift_container=asked.swift_container)
    strategies.set_strategy(strategy)
    return {"backup_strategy": _view(strategy)}


def delete_strategy(request: ApiRequest[None, BackupStrategiesDeleteParametersQuery]) -> ResponseBody:
    """Delete the strategy of an instance or, if none is named, the project's default. Raises Forbidden.

    Does nothing if there is no such strategy.
    """
    instance_id = require_id("Instance", request.query.instance_id) if request.query.instance_id else strategies.DEFAULT
    strategies.delete(_project_id(request, request.query.project_id), instance_id)
    return None


def _project_id(
    request: ApiRequest[None, BackupStrategiesListParametersQuery]
    | ApiRequest[None, BackupStrategiesDeleteParametersQuery],
    asked: str | None,
) -> str:
    if asked is not None and asked != request.identity.project_id:
        policy.enforce(OTHERS, request.identity)
    return asked or request.identity.project_id


def _view(strategy: BackupStrategy) -> dict[str, object]:
    return {
        "project_id": strategy.project_id,
        "instance_id": strategy.instance_id,
        "backend": "swift",
        "swift_container": strategy.swift_container,
    }


HANDLERS: Handlers = {"list": list_strategies, "create": create_strategy, "delete": delete_strategy}

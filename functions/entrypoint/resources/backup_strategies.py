"""Backup strategies."""

from functions.entrypoint import policy
from functions.entrypoint.call import Call, Handlers, Reply
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import (
    BackupStrategiesDeleteParametersQuery,
    BackupStrategiesListParametersQuery,
    BackupStrategyCreate,
)
from functions.entrypoint.resources.backups import check_container
from functions.state import instances, strategies
from functions.state.models import BackupStrategy

OTHERS = "backup_strategy:other_projects"


def list_strategies(call: Call[None, BackupStrategiesListParametersQuery]) -> Reply:
    """The project's strategies. Raises Forbidden: another project's, and the caller is no administrator."""
    instance_id = call.query.instance_id and require_id("Instance", call.query.instance_id)
    found = strategies.strategies(_project_id(call, call.query.project_id), instance_id)
    return {"backup_strategies": [_view(strategy) for strategy in found]}


def create_strategy(call: Call[BackupStrategyCreate, None]) -> Reply:
    """Set a strategy. Raises NotFound: no such instance; BadRequest: no container can have that name."""
    asked, project_id = call.body.backup_strategy, call.identity.project_id
    check_container(asked.swift_container)
    instance_id = strategies.DEFAULT
    if asked.instance_id:
        instance_id = instances.get(project_id, require_id("Instance", asked.instance_id)).id
    strategy = BackupStrategy(project_id=project_id, instance_id=instance_id, swift_container=asked.swift_container)
    strategies.set_strategy(strategy)
    return {"backup_strategy": _view(strategy)}


def delete_strategy(call: Call[None, BackupStrategiesDeleteParametersQuery]) -> Reply:
    """Delete the strategy of an instance or, without one, the default; none is no error. Raises Forbidden."""
    instance_id = require_id("Instance", call.query.instance_id) if call.query.instance_id else strategies.DEFAULT
    strategies.delete(_project_id(call, call.query.project_id), instance_id)
    return None


def _project_id(
    call: Call[None, BackupStrategiesListParametersQuery] | Call[None, BackupStrategiesDeleteParametersQuery],
    asked: str | None,
) -> str:
    if asked is not None and asked != call.identity.project_id:
        policy.enforce(OTHERS, call.identity)
    return asked or call.identity.project_id


def _view(strategy: BackupStrategy) -> dict[str, object]:
    return {
        "project_id": strategy.project_id,
        "instance_id": strategy.instance_id,
        "backend": "swift",
        "swift_container": strategy.swift_container,
    }


HANDLERS: Handlers = {"list": list_strategies, "create": create_strategy, "delete": delete_strategy}

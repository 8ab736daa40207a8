"""A member of a group that does not follow comes back: a former primary, or a replica that has lost its way.

It is fenced first, for a former primary may believe that it still is one, and its host may be isolated for that. Then
the primary admits it, and it follows with its own data, giving up what only it has. Where its data do not fit, or do
not lead it to the primary, and where a rebuild was asked for, they are replaced by a copy of the primary's.

Nothing is undone but a job that still runs, and the backup that a copy begins with: rejoining again goes on.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, OperationKind, Task
from functions.operations.parts import plans
from functions.operations.parts.replicas import lock_with_source
from functions.state.database import transaction
from functions.state.instances import health
from functions.state.instances.models import Instance
from functions.state.operations import operations
from functions.state.operations.acceptance import Caller, Order, accept, not_available, require
from functions.state.operations.models import Operation


@dataclass(frozen=True)
class Request:
    """Whether the member's data are replaced without a look at whether they fit."""

    rebuild: bool


def _cancelled(action: str) -> tuple[Task]:
    return (Task(f"cancel_{action}", "job.cancel", {"action": action}, 60, optional=True),)


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=(
        Task("fence_isolated", "rejoin.fence_isolated", seconds=60),
        Task("release", "stack.release"),
        Task("fence", "rejoin.fence"),
        Task("admit", "member.admit", on=On.PRIMARY),
        Task("rejoin", "rejoin.rejoin", seconds=3600, undo=_cancelled("rejoin")),
        *plans.SEED_MADE,
        Task("rebuild", "rejoin.rebuild", seconds=86400, undo=_cancelled("replicate")),
        *plans.SEED_FORGOTTEN,
        Task("follow", "rejoin.follow"),
    ),
    limit=timedelta(hours=24),
    instance_during=InstanceStatus.BUILD,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ERROR,
)


def accept_rebuild(instance_id: str, caller: Caller) -> Operation:
    """Accept that a replica's data are replaced by a copy of its source's, whatever the status of the replica.

    Raises:
        NotFound; Busy: the source does not serve, or the replica was never made.
        BadRequest: the instance is not a replica.
    """
    with transaction() as session:
        return _accept(session, instance_id, caller, Request(rebuild=True))


def accept_return(instance_id: str, caller: Caller) -> Operation | None:
    """Accept that a replica which is astray is brought back; None if it is not, or was tried enough.

    Raises as `accept_rebuild`.
    """
    if tried_enough(instance_id):
        return None
    with transaction() as session:
        instance = session.get_one(Instance, instance_id)
        if instance.astray_since is None and not (instance.host and instance.host.isolated):
            return None
        return _accept(session, instance_id, caller, Request(rebuild=False))


def tried_enough(instance_id: str) -> bool:
    """Return whether the replica was brought back, or rebuilt, `rejoins_an_hour` times within the last hour."""
    begun = operations.count(instance_id, OPERATION.name, now() - timedelta(hours=1))
    return begun >= get_settings().rejoins_an_hour


def _accept(session: Session, instance_id: str, caller: Caller, request: Request) -> Operation:
    replica, source = lock_with_source(session, OPERATION, instance_id, caller)
    require(source.instance, *health.SERVING)
    if replica.host is None:
        raise not_available("Instance", instance_id, replica.status)
    replica.astray_since = None
    return accept(session, caller, Order(OPERATION, request), replica, also=[source])

"""Delete an instance: its stack goes, and the host and all data with it. Readers of a replica are led to others, and
the primary forgets it; with the last instance of a group its endpoints go.

Nothing is undone: deleting again goes on.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from datastores.protocol.turns import Lock
from functions.base.errors import Conflict, Forbidden
from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, OperationKind, Part, Task
from functions.operations.parts import plans
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.operations import moves
from functions.state.operations.acceptance import Caller, Held, Order, accept, lock_instance
from functions.state.operations.models import Operation

OPERATION = OperationKind(
    module=__name__,
    plan=(
        Task("release_endpoints", "endpoint.release", seconds=plans.STACK_SECONDS),
        Task("dismiss_replica", "member.dismiss", on=On.PRIMARY, seconds=60),
        *plans.STACK_DELETED,
    ),
    limit=timedelta(minutes=30),
    instance_during=InstanceStatus.SHUTDOWN,
    instance_after=InstanceStatus.SHUTDOWN,
    instance_failed=InstanceStatus.ERROR,
    deletes="instance",
)


def accept_delete(instance_id: str, caller: Caller) -> Operation:
    """Accept the deletion of an instance in any status, and cancel the operations that make a backup of it.

    Raises:
        NotFound, Busy.
        Conflict: the instance is protected from deletion.
        Forbidden: it has replicas.
    """
    with transaction() as session:
        cancelled = _cancel_backups(session, caller.project_id, instance_id)
        source = _lock_source(session, instance_id, caller)
        instance = lock_instance(session, caller.project_id, instance_id, OPERATION.lock, passing=cancelled)
        if instance.deletion_protection:
            raise Conflict(
                f"Instance {instance_id} is protected from deletion: set its deletion_protection to false first."
            )
        return accept(session, caller, Order(OPERATION), instance, part=Part.LEAVING, also=source)


def _lock_source(session: Session, instance_id: str, caller: Caller) -> list[Held]:
    """Lock the group of an instance and, of a replica, the primary. Raises Forbidden if it is one with replicas."""
    group = groups.lock_of(session, instance_id)
    if group is None:
        return []
    if group.primary_id != instance_id:
        source = lock_instance(session, caller.project_id, str(group.primary_id), Lock.MEMBERSHIP)
        return [Held(source, Part.SOURCE, Lock.MEMBERSHIP)]
    if left := [member_id for member_id in groups.member_ids(session, group) if member_id != instance_id]:
        raise Forbidden(f"Instance {instance_id} has replicas: delete or detach {', '.join(left)} first.")
    return []


def _cancel_backups(session: Session, project_id: str, instance_id: str) -> list[str]:
    """Cancel the operations that make a backup of the instance and return their ids. Locks them before the instance."""
    making = moves.making_backups(session, project_id, Operation.instance_id == instance_id)
    for operation_id in making:
        moves.cancel(session, operation_id, "cancelled: its instance was deleted meanwhile")
    return making

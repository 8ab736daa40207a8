"""Enable, disable, discard or publish a log.

Undone: the engine writes the logs that it wrote before; what was published stays.
"""

from dataclasses import dataclass
from datetime import timedelta

from datastores.protocol.turns import Lock
from functions.base.statuses import InstanceStatus
from functions.framework.operation import OperationKind, Task
from functions.state.database import transaction
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, not_available, require
from functions.state.operations.models import Operation


@dataclass(frozen=True)
class Request:
    """The request for a log; `enabled` None leaves it as it is. Discarding is done before publishing."""

    log: str
    account: str
    """The project in whose account the log is published."""
    enabled: bool | None = None
    publish: bool = False
    discard: bool = False


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=(
        Task("prepare_publication", "publication.prepare"),
        Task("apply_log", "log.apply", undo=(Task("revert_log", "log.revert"),)),
        Task("publish_log", "log.publish", seconds=3600),
    ),
    limit=timedelta(hours=1),
    lock=Lock.READING,
    quick=True,
)


def accept_log(instance_id: str, asked: Request, caller: Caller) -> Operation:
    """Accept a change of a log of an idle instance that has a host; no status changes.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, instance_id, OPERATION.lock)
        require(instance, InstanceStatus.ACTIVE, InstanceStatus.BACKUP, InstanceStatus.ERROR)
        if instance.host is None:
            raise not_available("Instance", instance_id, instance.status)
        spec = None
        if asked.enabled is not None:
            logs = {name for name in instance.enabled_logs if name != asked.log}
            logs |= {asked.log} if asked.enabled else set()
            spec = instance.spec.but(enabled_logs=sorted(logs))
        return accept(session, caller, Order(OPERATION, asked), instance, spec=spec)

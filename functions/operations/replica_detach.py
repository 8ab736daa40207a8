"""A replica leaves its group: readers are led to others, it takes writes and stands alone, and the primary keeps
nothing for it any more.

Nothing is undone: detaching again goes on.
"""

from datetime import timedelta

from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, Part, Task, change_of_instance
from functions.operations.parts.replicas import lock_with_source
from functions.state.database import transaction
from functions.state.operations.acceptance import Caller, Order, accept, require
from functions.state.operations.models import Operation

OPERATION = change_of_instance(
    __name__,
    Task("release_endpoints", "endpoint.release"),
    Task("dismiss", "member.dismiss", on=On.PRIMARY, seconds=60),
    Task("detach", "member.detach"),
    limit=timedelta(minutes=10),
    during=InstanceStatus.DETACH,
)


def accept_detach(instance_id: str, caller: Caller) -> Operation:
    """Accept that a replica leaves its group.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is not a replica.
    """
    with transaction() as session:
        replica, source = lock_with_source(session, OPERATION, instance_id, caller)
        require(replica, InstanceStatus.ACTIVE)
        return accept(session, caller, Order(OPERATION), replica, part=Part.LEAVING, also=[source])

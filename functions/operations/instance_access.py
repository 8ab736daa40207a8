"""Other access rules: Heat changes those of the substrate and, with those of a primary, of its group's endpoints; the
engine changes its own.

Undone: the old rules.
"""

from datetime import timedelta

from functions.base.statuses import InstanceStatus
from functions.framework.operation import Task, change_of_instance
from functions.operations.parts import plans
from functions.state.database import transaction
from functions.state.instances.spec import Access
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, require
from functions.state.operations.models import Operation

OPERATION = change_of_instance(
    __name__,
    *plans.stack_updated(*plans.job_undone("access", 900)),
    Task("point_endpoints", "endpoint.point", undo=(Task("point_endpoints_back", "endpoint.point_back"),)),
    *plans.job("access", 900),
    limit=timedelta(minutes=30),
    during=InstanceStatus.ACTIVE,
)


def accept_access(instance_id: str, access: Access, caller: Caller) -> Operation:
    """Accept new access rules; a field of `access` that is not set keeps its value. Raises NotFound, Busy."""
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, instance_id, OPERATION.lock)
        require(instance, InstanceStatus.ACTIVE)
        wanted = instance.access.model_copy(update=access.model_dump(exclude_unset=True))
        return accept(session, caller, Order(OPERATION), instance, spec=instance.spec.but(access=wanted))

"""A new instance: Heat makes the host, then one job on it installs, initialises and starts the engine.

Undone: the job is ended, the stack deleted.
"""

from datetime import timedelta

from functions.base.statuses import InstanceStatus
from functions.framework.operation import OperationKind, Task
from functions.operations.parts import plans
from functions.operations.parts.new_instances import NewInstance, Request, accept_new, reserve
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=(
        Task("certify_host", "host.certify"),
        *plans.STACK_CREATED,
        *plans.job("create", 1800),
    ),
    limit=timedelta(minutes=30),
    instance_during=InstanceStatus.BUILD,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ERROR,
    makes="instance",
)


def accept_create(asked: NewInstance, caller: Caller) -> tuple[Instance, Operation]:
    """Accept a new, empty instance.

    Raises:
        QuotaExceeded: the project's quota of instances, volumes or memory.
        NotFound, BadRequest: the configuration group does not exist, or is of another datastore version.
    """
    with transaction() as session:
        reserve(session, asked, caller)
        return accept_new(session, OPERATION, asked, caller)

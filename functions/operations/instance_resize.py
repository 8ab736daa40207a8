"""Another flavor: Heat changes the host, the engine restarts with settings that fit it.

Undone: the old flavor and settings.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import OperationKind
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=(
        *stack.updated(*job.done_again("resize", 900)),
        *job.done("resize", 900),
    ),
    limit=timedelta(hours=1),
    instance_during=InstanceStatus.RESIZE,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ACTIVE,
    instance_stuck=InstanceStatus.ERROR,
)

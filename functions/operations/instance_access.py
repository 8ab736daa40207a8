"""Other access rules: Heat changes those of the substrate, the engine its own.

Undone: the old rules.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import OperationKind
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=(
        *stack.updated(*job.done_again("access", 900)),
        *job.done("access", 900),
    ),
    limit=timedelta(minutes=30),
    instance_during=InstanceStatus.ACTIVE,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ACTIVE,
    instance_stuck=InstanceStatus.ERROR,
)

"""A larger volume: Heat extends it, then its file system grows.

Undone: the old size, unless the volume has grown already, for volumes do not shrink.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import OperationKind
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=(
        *stack.updated(),
        *job.done("grow", 900),
    ),
    limit=timedelta(hours=1),
    instance_during=InstanceStatus.RESIZE,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ACTIVE,
    instance_stuck=InstanceStatus.ERROR,
)

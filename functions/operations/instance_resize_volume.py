"""A larger volume: Heat extends it, then its file system grows.

Undone: the old size, unless the volume has grown already, for volumes do not shrink.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import change_of_instance
from functions.state.models import InstanceStatus

OPERATION = change_of_instance(
    *stack.updated(),
    *job.done("grow", 900),
    limit=timedelta(hours=1),
    during=InstanceStatus.RESIZE,
)

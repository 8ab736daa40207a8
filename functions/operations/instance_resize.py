"""Another flavor: Heat changes the host, the engine restarts with settings that fit it.

Undone: the old flavor and settings.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import change_of_instance
from functions.state.models import InstanceStatus

OPERATION = change_of_instance(
    *stack.updated(*job.done_again("resize", 900)),
    *job.done("resize", 900),
    limit=timedelta(hours=1),
    during=InstanceStatus.RESIZE,
)

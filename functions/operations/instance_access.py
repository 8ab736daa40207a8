"""Other access rules: Heat changes those of the substrate, the engine its own.

Undone: the old rules.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import change_of_instance
from functions.state.models import InstanceStatus

OPERATION = change_of_instance(
    *stack.updated(*job.done_again("access", 900)),
    *job.done("access", 900),
    limit=timedelta(minutes=30),
    during=InstanceStatus.ACTIVE,
)

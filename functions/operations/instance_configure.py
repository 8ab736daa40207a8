"""Other settings for an instance: those of the configuration group that it gets, has or loses.

Undone: the settings before.
"""

from datetime import timedelta

from functions.operations import job
from functions.operations.kind import TASK_SECONDS, OperationKind, Task

OPERATION = OperationKind(
    plan=job.done(
        "configure", TASK_SECONDS, Task("revert_record", "record.revert"), *job.done_again("configure", TASK_SECONDS)
    ),
    limit=timedelta(minutes=15),
    quick=True,
)

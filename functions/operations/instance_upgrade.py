"""The software of a datastore version as it is now, over the same data, which that version takes over.

The database stops before Heat changes the host. Undone: the old host, and the data as it was; data that the new
version has begun to serve stays, and so does the version.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import Task, change_of_instance
from functions.state.models import InstanceStatus

OPERATION = change_of_instance(
    Task("run_stop", "job.run", {"action": "stop"}, 900),
    *stack.updated(*job.done_again("upgrade", 7200)),
    *job.done("upgrade", 72000),
    limit=timedelta(hours=24),
    during=InstanceStatus.UPGRADE,
)

"""Stop the engine of an instance; its host and data stay.

Nothing is to be undone but a job that still runs.
"""

from datetime import timedelta

from functions.operations import job
from functions.operations.kind import OperationKind
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=job.done("stop", 900),
    limit=timedelta(minutes=15),
    instance_during=InstanceStatus.SHUTDOWN,
    instance_after=InstanceStatus.SHUTDOWN,
    instance_failed=InstanceStatus.ERROR,
)

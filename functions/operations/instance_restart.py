"""Restart the engine of an instance.

Nothing is to be undone but a job that still runs.
"""

from datetime import timedelta

from functions.operations import job
from functions.operations.kind import OperationKind
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=job.done("restart", 900),
    limit=timedelta(minutes=15),
    instance_during=InstanceStatus.REBOOT,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ERROR,
)

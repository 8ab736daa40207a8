"""Delete an instance: its stack goes, and the host and all data with it.

Nothing is undone: deleting again goes on.
"""

from datetime import timedelta

from functions.operations import stack
from functions.operations.kind import OperationKind
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=stack.DELETED,
    limit=timedelta(minutes=30),
    instance_during=InstanceStatus.SHUTDOWN,
    instance_after=InstanceStatus.SHUTDOWN,
    instance_failed=InstanceStatus.ERROR,
)

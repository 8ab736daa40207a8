"""A new instance from a backup: Heat makes the host, then one job on it streams the backup back, starts the engine
and verifies. Undone: the job is ended, the stack deleted.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import OperationKind, Task
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=(
        Task("open_backup", "backup.open"),
        Task("certify_host", "host.certify"),
        *stack.CREATED,
        *job.done("restore", 86400),
    ),
    limit=timedelta(hours=24),
    instance_during=InstanceStatus.BUILD,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ERROR,
)

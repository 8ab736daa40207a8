"""A new instance: Heat makes the host, then one job on it installs, initialises and starts the engine.

Undone: the job is ended, the stack deleted.
"""

from datetime import timedelta

from functions.operations import job, stack
from functions.operations.kind import OperationKind, Task
from functions.state.models import InstanceStatus

OPERATION = OperationKind(
    plan=(
        Task("certify_host", "host.certify"),
        *stack.CREATED,
        *job.done("create", 1800),
    ),
    limit=timedelta(minutes=30),
    instance_during=InstanceStatus.BUILD,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ERROR,
)

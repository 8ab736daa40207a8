"""A new instance from a backup: Heat makes the host, then one job on it streams the backup back, starts the engine
and verifies. Undone: the job is ended, the stack deleted.
"""

from datetime import timedelta

from functions.base.statuses import InstanceStatus
from functions.framework.operation import OperationKind, Task
from functions.operations.parts import plans
from functions.operations.parts.new_instances import NewInstance, Request, accept_new, reserve
from functions.state.backups import backups, chains
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=(
        Task("open_backup", "backup.open"),
        Task("certify_host", "host.certify"),
        *plans.STACK_CREATED,
        *plans.job("restore", 86400),
    ),
    limit=timedelta(hours=24),
    instance_during=InstanceStatus.BUILD,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ERROR,
    makes="instance",
)


def accept_restore(asked: NewInstance, backup_id: str, caller: Caller) -> tuple[Instance, Operation]:
    """Accept a new instance from a backup.

    Raises:
        QuotaExceeded: the project's quota of instances, volumes or memory.
        NotFound, Conflict: the backup does not exist, or is not complete.
        NotFound, BadRequest: the configuration group does not exist, or is of another datastore version.
    """
    with transaction() as session:
        reserve(session, asked, caller)
        backup = chains.lock(session, caller.project_id, backup_id)
        backups.require_restorable(backup)
        chains.require_no_deletion(session, backup)
        return accept_new(session, OPERATION, asked, caller, backup)

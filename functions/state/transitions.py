"""What each operation does to the status of its instance and backup: at acceptance, at success and at failure."""

from dataclasses import dataclass
from datetime import timedelta

from functions.state.models import BackupStatus, InstanceStatus, OperationType

UNDOING_LIMIT = timedelta(minutes=30)
"""How long past its deadline an operation may be undone; its token lives as long."""


@dataclass(frozen=True)
class Transition:
    """Status values an operation sets; None leaves them. `limit` is the time from acceptance to the stated end."""

    limit: timedelta
    instance_during: InstanceStatus | None = None
    instance_after: InstanceStatus | None = None
    instance_failed: InstanceStatus | None = None
    backup_after: BackupStatus | None = None
    backup_failed: BackupStatus | None = None


TRANSITIONS: dict[OperationType, Transition] = {
    OperationType.INSTANCE_CREATE: Transition(
        timedelta(minutes=30), InstanceStatus.BUILD, InstanceStatus.ACTIVE, InstanceStatus.ERROR
    ),
    OperationType.INSTANCE_RESTORE: Transition(
        timedelta(hours=24), InstanceStatus.BUILD, InstanceStatus.ACTIVE, InstanceStatus.ERROR
    ),
    OperationType.INSTANCE_RESTART: Transition(
        timedelta(minutes=15), InstanceStatus.REBOOT, InstanceStatus.ACTIVE, InstanceStatus.ERROR
    ),
    OperationType.INSTANCE_DELETE: Transition(
        timedelta(minutes=30), InstanceStatus.SHUTDOWN, InstanceStatus.SHUTDOWN, InstanceStatus.ERROR
    ),
    OperationType.BACKUP_CREATE: Transition(
        timedelta(hours=24),
        InstanceStatus.BACKUP,
        InstanceStatus.ACTIVE,
        InstanceStatus.ACTIVE,
        BackupStatus.COMPLETED,
        BackupStatus.FAILED,
    ),
    OperationType.BACKUP_DELETE: Transition(timedelta(hours=1), backup_failed=BackupStatus.DELETE_FAILED),
}

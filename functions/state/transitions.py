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
    instance_stuck: InstanceStatus | None = None
    """In place of `instance_failed` when not even the undoing went through."""
    quick: bool = False
    """Takes about a second and leaves every status as it is: requests that meet it wait for its end."""


def _change(limit: timedelta, during: InstanceStatus) -> Transition:
    """A change that is undone when it fails: the instance is then what it was before."""
    after = InstanceStatus.ACTIVE
    return Transition(limit, during, after, after, instance_stuck=InstanceStatus.ERROR)


_QUICK = Transition(timedelta(minutes=10), quick=True)

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
    OperationType.INSTANCE_RESIZE: _change(timedelta(hours=1), InstanceStatus.RESIZE),
    OperationType.INSTANCE_RESIZE_VOLUME: _change(timedelta(hours=1), InstanceStatus.RESIZE),
    OperationType.INSTANCE_ACCESS: _change(timedelta(minutes=30), InstanceStatus.ACTIVE),
    OperationType.INSTANCE_UPGRADE: _change(timedelta(hours=24), InstanceStatus.UPGRADE),
    OperationType.INSTANCE_STOP: Transition(
        timedelta(minutes=15), InstanceStatus.SHUTDOWN, InstanceStatus.SHUTDOWN, InstanceStatus.ERROR
    ),
    OperationType.INSTANCE_START: Transition(
        timedelta(minutes=15), InstanceStatus.REBOOT, InstanceStatus.ACTIVE, InstanceStatus.ERROR
    ),
    OperationType.INSTANCE_CONFIGURE: Transition(timedelta(minutes=15), quick=True),
    OperationType.DATABASE_CREATE: _QUICK,
    OperationType.DATABASE_DELETE: _QUICK,
    OperationType.USER_CREATE: _QUICK,
    OperationType.USER_UPDATE: _QUICK,
    OperationType.USER_DELETE: _QUICK,
    OperationType.ACCESS_GRANT: _QUICK,
    OperationType.ACCESS_REVOKE: _QUICK,
    OperationType.ROOT_ENABLE: _QUICK,
    OperationType.ROOT_DISABLE: _QUICK,
    OperationType.INSTANCE_LOG: Transition(timedelta(hours=1), quick=True),
    OperationType.BACKUP_CREATE: Transition(
        timedelta(hours=24),
        InstanceStatus.BACKUP,
        InstanceStatus.ACTIVE,
        InstanceStatus.ACTIVE,
        BackupStatus.COMPLETED,
        BackupStatus.FAILED,
    ),
    OperationType.BACKUP_IMPORT: Transition(
        timedelta(hours=24), backup_after=BackupStatus.RESTORED, backup_failed=BackupStatus.FAILED
    ),
    OperationType.BACKUP_DELETE: Transition(timedelta(hours=1), backup_failed=BackupStatus.DELETE_FAILED),
}

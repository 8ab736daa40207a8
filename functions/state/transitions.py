"""What each operation does to the status of its instance and backup: at acceptance, at success and at failure."""

from dataclasses import dataclass
from datetime import timedelta

from datastores.protocol.turns import Lock, Turn
from functions.state.models import BackupStatus, InstanceStatus, Operation, OperationType

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
    lock: Lock = Lock.EXCLUSIVE
    """What it bears beside it on its instance."""
    quick: bool = False
    """Takes about a second and leaves every status as it is: requests that meet it wait for its end."""
    tells_failure: bool = False
    """A failure leaves no status that shows it: the instance, which serves on, has it as its fault."""


def _change(limit: timedelta, during: InstanceStatus) -> Transition:
    """A change that is undone when it fails: the instance is then what it was before."""
    after = InstanceStatus.ACTIVE
    return Transition(limit, during, after, after, instance_stuck=InstanceStatus.ERROR)


_QUICK = Transition(timedelta(minutes=10), lock=Lock.ACCOUNTS, quick=True, tells_failure=True)
_QUICK_BUT_LARGE = Transition(timedelta(hours=2), lock=Lock.ACCOUNTS, quick=True, tells_failure=True)
"""Changes whose size the tenant decides: hundreds of users, a database of many thousand tables."""

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
    OperationType.DATABASE_CREATE: _QUICK_BUT_LARGE,
    OperationType.DATABASE_DELETE: _QUICK_BUT_LARGE,
    OperationType.USER_CREATE: _QUICK_BUT_LARGE,
    OperationType.USER_UPDATE: _QUICK,
    OperationType.USER_DELETE: _QUICK_BUT_LARGE,
    OperationType.ACCESS_GRANT: _QUICK,
    OperationType.ACCESS_REVOKE: _QUICK,
    OperationType.ROOT_ENABLE: _QUICK,
    OperationType.ROOT_DISABLE: _QUICK,
    OperationType.INSTANCE_LOG: Transition(timedelta(hours=1), lock=Lock.READING, quick=True),
    OperationType.BACKUP_CREATE: Transition(
        timedelta(hours=24),
        InstanceStatus.BACKUP,
        InstanceStatus.ACTIVE,
        InstanceStatus.ACTIVE,
        BackupStatus.COMPLETED,
        BackupStatus.FAILED,
        lock=Lock.COPYING,
    ),
    OperationType.BACKUP_IMPORT: Transition(
        timedelta(hours=24), backup_after=BackupStatus.RESTORED, backup_failed=BackupStatus.FAILED
    ),
    OperationType.BACKUP_DELETE: Transition(timedelta(hours=1), backup_failed=BackupStatus.DELETE_FAILED),
}


def transition_of(operation: Operation) -> Transition:
    """The operation's transition."""
    return TRANSITIONS[OperationType(operation.type)]


def turn_of(operation: Operation) -> Turn:
    """The operation's place among those of its instance, as its host is to know it."""
    return Turn(operation.fence, transition_of(operation).lock)

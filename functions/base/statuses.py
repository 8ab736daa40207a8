"""The states of operations and tasks, the statuses of instances and backups, the phases of hosts."""

from enum import StrEnum


class OperationState(StrEnum):
    """The states of an operation; it has ended in the last four."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NEEDS_OPERATOR = "NEEDS_OPERATOR"


ACTIVE_STATES = (OperationState.QUEUED, OperationState.RUNNING)
"""The states of an operation that has not ended."""


class TaskState(StrEnum):
    """The states of an operation's task; WAITING: the last call of its step answered `done: false`."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    ERROR = "ERROR"


class InstanceStatus(StrEnum):
    """The values of an instance's status, as in Trove."""

    BUILD = "BUILD"
    ACTIVE = "ACTIVE"
    REBOOT = "REBOOT"
    RESIZE = "RESIZE"
    UPGRADE = "UPGRADE"
    BACKUP = "BACKUP"
    PROMOTE = "PROMOTE"
    EJECT = "EJECT"
    DETACH = "DETACH"
    SHUTDOWN = "SHUTDOWN"
    ERROR = "ERROR"


class BackupStatus(StrEnum):
    """The values of a backup's status, as in Trove."""

    NEW = "NEW"
    BUILDING = "BUILDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    RESTORED = "RESTORED"
    DELETE_FAILED = "DELETE_FAILED"


class HostPhase(StrEnum):
    """The phases of a host; an instance has at most one host that is SERVING."""

    PREPARING = "PREPARING"
    SERVING = "SERVING"
    RETIRED = "RETIRED"

"""What a module of this package declares: all that is special about one database operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from datastores.protocol.turns import Lock
from functions.state.models import BackupStatus, InstanceStatus

TASK_SECONDS = 300
"""Seconds that a task has unless it says another number: attempts and pauses together."""
UNDOING_LIMIT = timedelta(minutes=30)
"""How long past its deadline an operation may be undone; its token lives as long."""


@dataclass(frozen=True)
class Task:
    """One line of a plan: the step that it calls, with its input, until the step is done or `seconds` have passed.

    `undo` is what makes its effect undone, in order; undoing goes on past an `optional` task that fails.
    """

    name: str
    step: str
    input: Mapping[str, str] = field(default_factory=dict)
    seconds: int = TASK_SECONDS
    undo: tuple["Task", ...] = ()
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class OperationKind:
    """A kind of operation. Status values that are None are left as they are.

    The first task also begins the operation, the last one ends it.
    """

    plan: tuple[Task, ...]
    limit: timedelta
    """The time from acceptance to the stated end."""
    lock: Lock = Lock.EXCLUSIVE
    """What it bears beside it on its instance."""
    instance_during: InstanceStatus | None = None
    instance_after: InstanceStatus | None = None
    instance_failed: InstanceStatus | None = None
    instance_stuck: InstanceStatus | None = None
    """In place of `instance_failed` when not even the undoing went through."""
    backup_after: BackupStatus | None = None
    backup_failed: BackupStatus | None = None
    quick: bool = False
    """Takes about a second and leaves every status as it is: requests that meet it wait for its end."""
    tells_failure: bool = False
    """A failure leaves no status that shows it: the instance, which serves on, has it as its fault."""

    @property
    def undoing(self) -> tuple[Task, ...]:
        """The tasks that undo it: those of the last task first."""
        return tuple(task for done in reversed(self.plan) for task in done.undo)

    def is_first(self, step: str, arguments: Mapping[str, object]) -> bool:
        """Whether a call is that of the first task."""
        return _calls(self.plan[0], step, arguments)

    def is_last(self, step: str, arguments: Mapping[str, object]) -> bool:
        """Whether a call is that of the last task."""
        return _calls(self.plan[-1], step, arguments)


def change_of_accounts(task: Task, limit: timedelta) -> OperationKind:
    """A change of databases, users or root: one task, and what the engine then has is what lists show."""
    return OperationKind(plan=(task,), limit=limit, lock=Lock.ACCOUNTS, quick=True, tells_failure=True)


def change_of_instance(*plan: Task, limit: timedelta, during: InstanceStatus) -> OperationKind:
    """A change that is undone when it fails: the instance is then what it was before."""
    return OperationKind(
        plan=plan,
        limit=limit,
        instance_during=during,
        instance_after=InstanceStatus.ACTIVE,
        instance_failed=InstanceStatus.ACTIVE,
        instance_stuck=InstanceStatus.ERROR,
    )


def _calls(task: Task, step: str, arguments: Mapping[str, object]) -> bool:
    return (task.step, dict(task.input)) == (step, dict(arguments))

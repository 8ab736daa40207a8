"""The declaration of a database operation, which each module of `functions.operations` makes."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum, auto
from functools import cache
from typing import Any, Literal

from datastores.protocol.turns import Lock
from functions.base.statuses import BackupStatus, InstanceStatus

PACKAGE = "functions.operations"
TASK_SECONDS = 300
"""Seconds after which a task fails, attempts and pauses together, unless its plan states other seconds."""


class On(Enum):
    """The targets of a task."""

    INSTANCE = auto()
    """The instance that the request named."""
    EACH_MEMBER = auto()
    """Every instance that the operation holds, all at once; the task is done when it is on every instance."""
    EACH_NEW = auto()
    """Every instance that the operation makes, likewise."""
    EACH_OTHER = auto()
    """Every instance that the operation holds but the one that the request named, likewise."""
    PRIMARY = auto()
    """The primary, before the operation, of the group; nothing if the operation holds none."""
    NEW_PRIMARY = auto()
    """The group's primary as its row says now; nothing if the operation does not hold it."""
    NONE = auto()
    """The operation itself, or its backup."""


class Part(StrEnum):
    """The part that an instance has in an operation that holds it."""

    MEMBER = "member"
    """The operation changes it."""
    NEW = "new"
    """The operation makes it."""
    PRIMARY = "primary"
    """The operation changes it, and it was its group's primary when that was accepted."""
    LEAVING = "leaving"
    """The operation changes it, and it leaves its group, if it is in one."""
    SOURCE = "source"
    """It is its group's primary and goes on serving: its status stays as it is."""


@dataclass(frozen=True)
class Task:
    """One line of a plan: the step that it calls, with its input, until the step is done or `seconds` have passed.

    `undo` are the tasks that undo its effect, in order; undoing continues after an `optional` task has failed. The step
    gets the instance's spec after the operation, and while undoing the spec before it, unless `spec` says which.
    """

    name: str
    step: str
    input: Mapping[str, str] = field(default_factory=dict)
    seconds: int = TASK_SECONDS
    undo: tuple["Task", ...] = ()
    optional: bool = False
    on: On = On.INSTANCE
    spec: Literal["before", "after"] | None = None


ABORT = Task("abort", "record.abort", on=On.NONE)
FAILURE = Task("record_failure", "record.fail", on=On.NONE)
STUCK = Task("needs_operator", "record.fail", {"undone": "false"}, on=On.NONE)
FAILURE_PATH = (ABORT, FAILURE, STUCK)
"""The tasks that every operation has besides its plan, to begin and end its undoing."""


@dataclass(frozen=True, kw_only=True)
class OperationKind:
    """A kind of operation. A status that is None is not changed.

    The first task of the plan also begins the operation, the last one ends it.
    """

    module: str
    plan: tuple[Task, ...]
    limit: timedelta
    """Time from the acceptance of an operation to its deadline."""
    request: type[Any] | None = None
    """The class of the request; fields that its `repr` leaves out are secret."""
    lock: Lock = Lock.EXCLUSIVE
    """The lock class: which other operations may run at the same time on each instance that the operation holds."""
    instance_during: InstanceStatus | None = None
    instance_after: InstanceStatus | None = None
    instance_failed: InstanceStatus | None = None
    instance_stuck: InstanceStatus | None = None
    """The instance's status, in place of `instance_failed`, if undoing failed, too."""
    backup_during: BackupStatus | None = None
    backup_after: BackupStatus | None = None
    backup_failed: BackupStatus | None = None
    makes: Literal["instance", "backup"] | None = None
    deletes: Literal["instance", "backup"] | None = None
    quick: bool = False
    """The operation takes about a second and changes no status: requests that meet it wait for its end."""
    tells_failure: bool = False
    """The failed operation is shown as the instance's fault, since no status shows it."""

    @property
    def name(self) -> str:
        """The operation's name: its module's, and its workflow's."""
        return self.module.rpartition(".")[2]

    @property
    def undoing(self) -> tuple[Task, ...]:
        """The tasks that undo the operation: those of the plan's last task first."""
        return tuple(task for done in reversed(self.plan) for task in done.undo)

    def task(self, name: str) -> Task | None:
        """Return the task of that name from the plan, its undoing or the failure path; None if there is none."""
        tasks = (*self.plan, *self.undoing, *FAILURE_PATH)
        return next((task for task in tasks if task.name == name), None)


def change_of_instance(module: str, *plan: Task, limit: timedelta, during: InstanceStatus) -> OperationKind:
    """Return a kind of operation that changes an instance, which is ACTIVE after success, and after undoing."""
    return OperationKind(
        module=module,
        plan=plan,
        limit=limit,
        instance_during=during,
        instance_after=InstanceStatus.ACTIVE,
        instance_failed=InstanceStatus.ACTIVE,
        instance_stuck=InstanceStatus.ERROR,
    )


@cache
def find(name: str) -> OperationKind:
    """Return the kind of operation that the module of that name declares."""
    kind: OperationKind = importlib.import_module(f"{PACKAGE}.{name}").OPERATION
    return kind


@cache
def names() -> tuple[str, ...]:
    """Return the names of all database operations: the modules of functions.operations."""
    package = importlib.import_module(PACKAGE)
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg))


@cache
def making(what: Literal["instance", "backup"]) -> frozenset[str]:
    """Return the names of the operations that make an instance, or a backup."""
    return frozenset(name for name in names() if find(name).makes == what)


@cache
def deleting(what: Literal["instance", "backup"]) -> frozenset[str]:
    """Return the names of the operations that delete an instance, or a backup."""
    return frozenset(name for name in names() if find(name).deletes == what)

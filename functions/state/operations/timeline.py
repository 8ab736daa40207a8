"""The timeline of an operation: one row a task and target, written before and after every call of a step.

A transaction before the call locks the operation, checks that the step may run, begins the operation with its first
task, and reads the rows for the step. A transaction after the call stores its result or error, and ends the operation
with the last task.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.errors import StepRefused
from functions.base.settings import get_settings
from functions.base.statuses import OperationState, TaskState
from functions.framework.operation import On, Part, Task, find
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.groups.models import Role
from functions.state.hosts import hosts
from functions.state.instances.models import Instance
from functions.state.operations import moves
from functions.state.operations.context import TaskContext
from functions.state.operations.models import Operation, OperationTarget, OperationTask, TaskError


@dataclass(frozen=True)
class Entry:
    """An admitted call of a task's step, on one target."""

    context: TaskContext
    attempt: int


@dataclass(frozen=True)
class Call:
    """A call: the operation, its task, the step, and the deadline (as time.monotonic) of the answer."""

    operation_id: str
    task: str
    step: str
    deadline: float


def enter(call: Call, check: Callable[[OperationState, bool], None]) -> list[Entry]:
    """Admit a call and return an entry a target; none if an earlier call of the last task has ended the operation.

    `check` gets the operation's state and whether it is being undone; if it raises, nothing is written. Raises
    StepRefused if there is no such operation, or no such task in its plan.
    """
    with transaction() as session:
        operation = moves.lock(session, call.operation_id)
        task = _task(operation, call)
        plan = find(operation.type).plan
        if operation.state == OperationState.SUCCEEDED and task is plan[-1]:
            return []
        if operation.state == OperationState.QUEUED and task is plan[0]:
            moves.begin(session, operation)
        undoing = operation.error is not None
        check(OperationState(operation.state), undoing)
        as_before = undoing if task.spec is None else task.spec == "before"
        targets = _targets(session, operation, task)
        return [_enter(session, call, operation, target, as_before) for target in targets]


def _task(operation: Operation, call: Call) -> Task:
    task = find(operation.type).task(call.task)
    if task is None or task.step != call.step:
        raise StepRefused(f"the plan of {operation.type} has no task {call.task!r} that calls {call.step}")
    return task


_EACH: Mapping[On, Callable[[Operation, OperationTarget], bool]] = {
    On.EACH_MEMBER: lambda _operation, _target: True,
    On.EACH_NEW: lambda _operation, target: target.part == Part.NEW,
    On.EACH_OTHER: lambda operation, target: target.resource_id != operation.instance_id,
}
"""Which of the instances that the operation holds a task works on."""


def _targets(session: Session, operation: Operation, task: Task) -> list[OperationTarget | None]:
    """What a task works on: of several members those on which it is not done yet."""
    instances = [target for target in operation.targets if target.kind == "instance"]
    if (chosen := _EACH.get(task.on)) is not None:
        query = select(OperationTask.target).where(
            OperationTask.operation_id == operation.id,
            OperationTask.task == task.name,
            OperationTask.state == TaskState.SUCCEEDED,
        )
        done = set(session.scalars(query))
        return [target for target in instances if chosen(operation, target) and target.resource_id not in done]
    if task.on is On.PRIMARY:
        return [target for target in instances if target.part in {Part.PRIMARY, Part.SOURCE}]
    if task.on is On.NEW_PRIMARY:
        query = select(Instance.id).where(Instance.role == Role.PRIMARY)
        primary = session.scalar(query.where(Instance.id.in_([target.resource_id for target in instances])))
        return [target for target in instances if target.resource_id == primary]
    own = [target for target in instances if target.resource_id == operation.instance_id]
    return [*own] if task.on is On.INSTANCE and own else [None]


def _enter(
    session: Session, call: Call, operation: Operation, target: OperationTarget | None, as_before: bool
) -> Entry:
    line, again = _line(session, call, target.resource_id if target else "")
    instance = session.get(Instance, target.resource_id) if target else None
    backup = session.get(Backup, operation.backup_id) if operation.backup_id else None
    context = TaskContext(
        subject=operation.id,
        deadline=call.deadline,
        operation=operation,
        task=call.task,
        again=again,
        target=target,
        maybe_instance=instance,
        maybe_host=hosts.current(session, instance) if instance else None,
        maybe_backup=backup,
        as_before=as_before,
    )
    return Entry(context, line.attempts)


def _line(session: Session, call: Call, target: str) -> tuple[OperationTask, bool]:
    """Return the task's line, and whether its last call answered `done: false`: this call is the same attempt then."""
    line = session.get(OperationTask, (call.operation_id, call.task, target))
    if line is None:
        line = OperationTask(
            operation_id=call.operation_id, task=call.task, target=target, step=call.step,
            attempts=1, state=TaskState.RUNNING,
        )  # fmt: skip
        session.add(line)
        return line, False
    again = line.state == TaskState.WAITING
    if not again:
        line.attempts += 1
    line.state, line.ended = TaskState.RUNNING, None
    return line, again


def leave(context: TaskContext, state: TaskState, error: TaskError | None = None) -> None:
    """Store the result or error of a call. The operation succeeds when its last task is done on every target; later
    calls of that task change nothing.

    Raises StepRefused if the operation is being undone or has failed.
    """
    if error is not None:
        error = error.model_copy(update={"message": error.message[: get_settings().step_error_characters]})
    with transaction() as session:
        operation = moves.lock(session, context.operation_id)
        if operation.state == OperationState.SUCCEEDED:
            return
        line = session.get_one(OperationTask, context.line)
        line.state, line.error = state, error
        line.ended = None if state == TaskState.WAITING else now()
        if state == TaskState.SUCCEEDED and context.task == find(operation.type).plan[-1].name:
            session.flush()
            if not _open(session, operation, context.task):
                moves.succeed(session, operation)


def _open(session: Session, operation: Operation, task: str) -> bool:
    """Return whether the task is not yet done on every target."""
    query = select(OperationTask.target).where(
        OperationTask.operation_id == operation.id,
        OperationTask.task == task,
        OperationTask.state != TaskState.SUCCEEDED,
    )
    return session.scalar(query.limit(1)) is not None


def was_called(operation_id: str, step: str) -> bool:
    """Return whether a step of the operation was ever called: if not, it needs no undoing."""
    query = select(OperationTask.task).where(OperationTask.operation_id == operation_id, OperationTask.step == step)
    with transaction() as session:
        return session.scalar(query.limit(1)) is not None


def begun(context: TaskContext) -> datetime:
    """Return when the task was called first on the context's target."""
    with transaction() as session:
        return session.get_one(OperationTask, context.line).started

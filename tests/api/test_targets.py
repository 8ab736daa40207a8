"""A task that works on each member: all at once, each with its own line, done when all are."""

import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType

import pytest

from functions.base.clock import now
from functions.base.errors import StepFailed, Unavailable
from functions.base.statuses import OperationState, TaskState
from functions.framework import token
from functions.framework.call import call
from functions.framework.envelope import Envelope
from functions.framework.operation import On, OperationKind, Task, find
from functions.framework.step import Nothing, Step, StepResult, step
from functions.operations import instance_create
from functions.state.database import transaction
from functions.state.operations import operations
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance
from functions.state.operations.context import TaskContext
from functions.state.operations.models import Operation, OperationTarget
from tests.support.operations import finish, new_instance

pytestmark = pytest.mark.usefixtures("state")
NAME, MEMBERS = "members_visit", 3


class Members:
    """What the made-up step meets: it waits for the others, and answers what a test has said for an instance."""

    def __init__(self) -> None:
        self.visited: list[str] = []
        self.answers: dict[str, StepResult | Exception] = {}
        self.together = threading.Barrier(MEMBERS, timeout=20)

    def visit(self, _request: Nothing, context: TaskContext) -> StepResult:
        """Note the visit. Raises what the test has said."""
        if len(self.visited) < MEMBERS:
            self.together.wait()
        self.visited.append(context.instance.id)
        answer = self.answers.get(context.instance.id, StepResult())
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def members() -> Iterator[Members]:
    """A step and an operation that are there for the test."""
    found, module = Members(), ModuleType(f"functions.operations.{NAME}")

    def visit(request: Nothing, context: TaskContext) -> StepResult:
        return found.visit(request, context)

    step("members.visit")(visit)
    task = Task("visit_members", "members.visit", on=On.EACH_MEMBER)
    module.OPERATION = OperationKind(module=module.__name__, plan=(task,), limit=timedelta(minutes=5))  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    yield found
    del sys.modules[module.__name__], Step.registered["members.visit"]
    find.cache_clear()


@pytest.fixture
def operation() -> Operation:
    """An operation that holds three instances."""
    caller = Caller(f"members-{uuid.uuid4()}", "tester", "req-members")
    ids = []
    for number in range(MEMBERS):
        instance, created = instance_create.accept_create(new_instance(f"member-{number}"), caller)
        finish(created)
        ids.append(instance.id)
    with transaction() as session:
        kind = OperationKind(module=NAME, plan=(), limit=timedelta(minutes=5))
        held = [lock_instance(session, caller.project_id, instance_id, kind.lock) for instance_id in sorted(ids)]
        accepted = accept(session, caller, Order(kind), held[0])
        for instance in held[1:]:
            target = {"resource_id": instance.id, "kind": "instance", "held": kind.lock}
            session.add(OperationTarget(operation_id=accepted.id, **target))
    return operations.get(accepted.project_id, accepted.id)


def visit(operation: Operation) -> Envelope:
    """Call the task as its workflow does."""
    authorization = f"Bearer {token.issue(operation.id, 'operation', now() + timedelta(minutes=1))}"
    return call("members.visit", {"task": "visit_members"}, authorization)


def lines(operation: Operation) -> dict[str, str]:
    """The states of the task's lines by target."""
    return {task.target: task.state for task in operations.get(operation.project_id, operation.id).tasks}


def test_all_members_are_worked_on_at_once(members: Members, operation: Operation) -> None:
    answer = visit(operation)
    assert answer.ok and answer.result == {"done": True}, answer.error
    ids = {target.resource_id for target in operation.targets}
    assert set(members.visited) == ids
    assert lines(operation) == dict.fromkeys(ids, TaskState.SUCCEEDED)
    assert operations.load(operation.id).state == OperationState.SUCCEEDED
    assert visit(operation).ok
    assert len(members.visited) == MEMBERS, "what is done is not done again"


def test_the_task_is_done_when_the_last_member_is(members: Members, operation: Operation) -> None:
    late = operation.targets[1].resource_id
    members.answers[late] = StepResult(done=False)
    answer = visit(operation)
    assert answer.ok and answer.result == {"done": False}
    assert lines(operation)[late] == TaskState.WAITING
    assert operations.load(operation.id).state == OperationState.RUNNING
    members.answers.clear()
    assert visit(operation).result == {"done": True}
    assert members.visited[MEMBERS:] == [late]
    assert operations.load(operation.id).state == OperationState.SUCCEEDED


@pytest.mark.parametrize(("error", "retryable"), [(Unavailable("silent"), True), (StepFailed("no"), False)])
def test_an_error_of_one_member_is_the_task_s(
    members: Members, operation: Operation, error: Exception, retryable: bool
) -> None:
    broken = operation.targets[2].resource_id
    members.answers[broken] = error
    answer = visit(operation)
    assert answer.error is not None
    assert (answer.error.message, answer.error.retryable) == (str(error), retryable)
    assert lines(operation)[broken] == TaskState.ERROR
    assert list(lines(operation).values()).count(TaskState.SUCCEEDED) == MEMBERS - 1
    members.answers.clear()
    assert visit(operation).result == {"done": True}
    assert members.visited[MEMBERS:] == [broken]

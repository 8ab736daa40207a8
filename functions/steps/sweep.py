"""The sweep: what a crash, a lost message or a deadline left, brought to an end by Mistral's cron.

An operation that is QUEUED is started. One whose execution is over or lost is settled: its workflow is started again
under a new execution id, forward at first (every step is idempotent), to its undoing from the second time on or past
the deadline, and NEEDS_OPERATOR when even that did not end it. An execution that goes on though its operation has ended
is cancelled: Mistral that dies between a workflow's last task and its end keeps it RUNNING for ever.
"""

import uuid
from datetime import timedelta

from functions.cloud import mistral
from functions.operations.kind import UNDOING_LIMIT
from functions.runtime.clock import now
from functions.runtime.errors import Busy, NotFound
from functions.runtime.logs import get_logger
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import configurations, operation_totals, operations, retention
from functions.state.acceptance import Caller
from functions.state.models import Instance, Operation, OperationState

GRACE = timedelta(seconds=10)
"""An operation younger than this is left to the request that started it; one that ended so lately, to its workflow."""
PORTIONS = 10
"""Portions of old rows that one run removes at most."""
PORTION_SECONDS = 8.0
"""A portion is begun only if the run has so much time left."""
SETTLEMENTS = 4
"""Settlements after which an operator is needed."""


class Swept(StepResult):
    """How many operations were looked at, how many they or executions needed something, and how many old rows went."""

    active: int
    moved: int
    removed: int


@step("sweep.run", audience="sweep")
def run(_request: Nothing, context: StepContext) -> Swept:
    """Look at every operation that has not ended, move those that do not move themselves, and forget the oldest."""
    for instance in configurations.lagging():
        _configure(instance)
    active = operations.active(now() - GRACE)
    moved = sum(_move(operation) for operation in active) + _end_executions()
    operation_totals.move_watermark()
    return Swept(active=len(active), moved=moved, removed=_forget(context))


def _forget(context: StepContext) -> int:
    """Remove what has ended long ago, in at most so many portions and while there is time for one."""
    removed = 0
    for _ in range(PORTIONS):
        portion = retention.remove_portion() if context.seconds_left > PORTION_SECONDS else 0
        removed += portion
        if not portion:
            break
    return removed


def execution_id(operation: Operation) -> str:
    """The Mistral execution that has the operation now: its own id, or one derived for each settlement."""
    if operation.settlements == 0:
        return operation.id
    return str(uuid.uuid5(uuid.UUID(operation.id), f"settlement-{operation.settlements}"))


def _move(operation: Operation) -> bool:
    state = mistral.state(execution_id(operation))
    late = now() > operation.deadline
    if late and operation.error is None:
        operations.abort(operation.id, f"not finished by its deadline, {operation.deadline:%Y-%m-%d %H:%M:%S} UTC")
        mistral.cancel(execution_id(operation))
        return _settle(operation)
    if now() > operation.deadline + UNDOING_LIMIT:
        mistral.cancel(execution_id(operation))
        return _give_up(operation)
    if state in mistral.ALIVE:
        return False
    if operation.state == OperationState.QUEUED and state == mistral.ExecutionState.ABSENT:
        _start(operation, execution_id(operation))
        return True
    return _settle(operation)


def _end_executions() -> int:
    """Cancel the executions whose operation has ended."""
    alive = mistral.alive()
    ended = operations.ended_among(alive.values(), now() - GRACE)
    left = [execution for execution, operation in alive.items() if operation in ended]
    for execution in left:
        get_logger().warning("cancelling what nobody needs", operation_id=alive[execution], execution=execution)
        mistral.cancel(execution)
    return len(left)


def _configure(instance: Instance) -> None:
    """Bring its configuration group's newest values to an instance that was busy when they changed."""
    try:
        operation = configurations.accept_apply(instance.id, Caller(instance.project_id, "sweep", "sweep"))
    except (Busy, NotFound):
        return
    if operation is not None:
        _start(operation, operation.id)


def _settle(operation: Operation) -> bool:
    if not operations.claim_settlement(operation.id, operation.settlements):
        return False
    operation.settlements += 1
    if operation.settlements >= SETTLEMENTS:
        return _give_up(operation)
    if operation.settlements > 1:
        operations.abort(operation.id, "its workflow ended without finishing it, twice; see the execution in Mistral")
    get_logger().warning("settling", operation_id=operation.id, settlement=operation.settlements)
    _start(operation, execution_id(operation))
    return True


def _give_up(operation: Operation) -> bool:
    get_logger().error("needs an operator", operation_id=operation.id)
    operations.fail(operation.id, OperationState.NEEDS_OPERATOR)
    return True


def _start(operation: Operation, new_execution_id: str) -> None:
    mistral.start(new_execution_id, operation.type, operation.id, operation.deadline + UNDOING_LIMIT)

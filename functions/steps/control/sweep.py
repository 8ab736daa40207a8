"""The sweep: ends what a crash, a lost message or a deadline left. Mistral's cron calls it.

An operation that is QUEUED is started. An operation whose execution has ended or is lost is settled: its workflow is
started again under a new execution id, forward the first time (every step is idempotent), to its undoing from the
second time on or past the deadline; after `sweep_settlements` it is NEEDS_OPERATOR. An execution whose operation has
ended is cancelled, since Mistral leaves it RUNNING for ever if it dies between a workflow's last task and its end.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from functions.base.clock import now
from functions.base.errors import BadRequest, Busy, NotFound
from functions.base.logs import get_logger
from functions.base.settings import get_settings
from functions.base.statuses import OperationState
from functions.cloud import mistral
from functions.framework.step import Nothing, StepContext, StepResult, step
from functions.operations import group_failover, instance_configure, replica_rejoin
from functions.operations.parts.launch import launch
from functions.state.configurations import configurations
from functions.state.groups import astray, watching
from functions.state.groups.models import Group
from functions.state.instances.models import Instance
from functions.state.operations import moves, operations, retention, totals
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation


class Swept(StepResult):
    """How many operations were active, how many operations and executions were moved, how many rows removed."""

    active: int
    moved: int
    removed: int


class FailedOver(StepResult):
    """How many failovers were begun."""

    begun: int


@step("sweep.run", audience="sweep")
def run(_request: Nothing, context: StepContext) -> Swept:
    """Start, settle or end the operations that do not move themselves, and remove old ones.

    Accept those that nobody asks for: of instances behind their configuration group, and of replicas that are astray.
    """
    for instance in configurations.lagging():
        _accept(instance_configure.accept_apply, instance)
    for replica in astray.overdue():
        _accept(replica_rejoin.accept_return, replica)
    active = operations.active(_lately())
    moved = sum(_move(operation) for operation in active) + _end_executions()
    totals.move_watermark()
    return Swept(active=len(active), moved=moved, removed=_forget(context))


@step("sweep.fail_over", audience="sweep")
def fail_over(_request: Nothing, _context: StepContext) -> FailedOver:
    """Begin the failover of each group whose primary the watch has found lost."""
    begun = sum(_fail_over(group) for group in watching.lost())
    return FailedOver(begun=begun)


def _fail_over(group: Group) -> bool:
    """Begin a group's failover, unless one has failed only just; the watch goes on looking at it."""
    try:
        if _failed_lately(group):
            return False
        launch(group_failover.accept_automatic(group.id))
    except (Busy, NotFound) as error:
        get_logger().warning("no failover", group_id=group.id, reason=error.message)
        return False
    finally:
        watching.look_again(group.id)
    return True


def _lately() -> datetime:
    """Return the time since which accepted and ended operations are left to their request or workflow."""
    return now() - timedelta(seconds=get_settings().sweep_grace_seconds)


def _forget(context: StepContext) -> int:
    """Remove old rows in up to `sweep_portions` portions while there is time; return how many were removed."""
    removed, settings = 0, get_settings()
    for _ in range(settings.sweep_portions):
        portion = retention.remove_portion() if context.seconds_left > settings.sweep_portion_seconds else 0
        removed += portion
        if not portion:
            break
    return removed


def _failed_lately(group: Group) -> bool:
    """Return whether a failover of the group has failed since the next one must wait for."""
    since = now() - timedelta(seconds=get_settings().failover_pause_seconds)
    return operations.failed_since(str(group.primary_id), group_failover.OPERATION.name, since)


def execution_id(operation: Operation) -> str:
    """Return the id of the operation's present Mistral execution: its own id, or one derived for each settlement."""
    if operation.settlements == 0:
        return operation.id
    return str(uuid.uuid5(uuid.UUID(operation.id), f"settlement-{operation.settlements}"))


def _move(operation: Operation) -> bool:
    state = mistral.state(execution_id(operation))
    late = now() > operation.deadline
    if late and operation.error is None:
        moves.abort(operation.id, f"not finished by its deadline, {operation.deadline:%Y-%m-%d %H:%M:%S} UTC")
        mistral.cancel(execution_id(operation))
        return _settle(operation)
    if now() > moves.undone_by(operation):
        mistral.cancel(execution_id(operation))
        return _give_up(operation)
    if state in mistral.ALIVE:
        return False
    if operation.state == OperationState.QUEUED and state == mistral.ExecutionState.ABSENT:
        _start(operation, execution_id(operation))
        return True
    return _settle(operation)


def _end_executions() -> int:
    """Cancel the executions whose operation has ended; return how many."""
    alive = mistral.alive()
    ended = operations.ended_among(alive.values(), _lately())
    left = [execution for execution, operation in alive.items() if operation in ended]
    for execution in left:
        get_logger().warning(
            "cancelling the execution of an ended operation", operation_id=alive[execution], execution=execution
        )
        mistral.cancel(execution)
    return len(left)


def _accept(accepted: Callable[[str, Caller], Operation | None], instance: Instance) -> None:
    """Start the operation that is accepted for an instance, if it still needs one and is not busy."""
    try:
        operation = accepted(instance.id, Caller(instance.project_id, "sweep", "sweep"))
    except (BadRequest, Busy, NotFound):
        return
    if operation is not None:
        _start(operation, operation.id)


def _settle(operation: Operation) -> bool:
    if not moves.claim_settlement(operation.id, operation.settlements):
        return False
    operation.settlements += 1
    if operation.settlements >= get_settings().sweep_settlements:
        return _give_up(operation)
    if operation.settlements > 1:
        moves.abort(operation.id, "its workflow ended without finishing it, twice; see the execution in Mistral")
    get_logger().warning("settling", operation_id=operation.id, settlement=operation.settlements)
    _start(operation, execution_id(operation))
    return True


def _give_up(operation: Operation) -> bool:
    get_logger().error("needs an operator", operation_id=operation.id)
    moves.fail(operation.id, OperationState.NEEDS_OPERATOR)
    return True


def _start(operation: Operation, new_execution_id: str) -> None:
    mistral.start(new_execution_id, operation.type, operation.id, moves.undone_by(operation))

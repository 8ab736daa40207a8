"""The first and the last task of an operation's failure path."""

from functions.base.statuses import OperationState
from functions.framework.step import Nothing, StepInput, StepResult, step
from functions.state.operations import moves
from functions.state.operations.context import TaskContext

LIVE = frozenset({OperationState.QUEUED, OperationState.RUNNING})
"""The states of an operation that has not ended."""
ENDED_BADLY = frozenset({OperationState.FAILED, OperationState.CANCELLED, OperationState.NEEDS_OPERATOR})
"""The states of an operation that ended without success."""


class Fail(StepInput):
    """`undone`: whether the undoing succeeded; if not, the operation needs an operator."""

    undone: bool = True


@step("record.abort", runs_while=LIVE, compensation=True)
def abort(_request: Nothing, context: TaskContext) -> StepResult:
    """Turn the operation to its undoing: from now on forward steps are refused."""
    moves.abort(context.operation.id)
    return StepResult()


@step("record.fail", runs_while=LIVE | ENDED_BADLY, compensation=True)
def fail(request: Fail, context: TaskContext) -> StepResult:
    """End the operation in FAILED or CANCELLED, or in NEEDS_OPERATOR if its undoing failed."""
    moves.fail(context.operation.id, OperationState.FAILED if request.undone else OperationState.NEEDS_OPERATOR)
    return StepResult()

"""The operation's record: abort, revert, fail. The runtime begins an operation and has it succeed."""

from functions.runtime.step import Nothing, StepContext, StepInput, StepResult, step
from functions.state import operations
from functions.state.instance_changes import restore
from functions.state.models import OperationState

LIVE = frozenset({OperationState.QUEUED, OperationState.RUNNING})
ENDED_BADLY = frozenset({OperationState.FAILED, OperationState.CANCELLED, OperationState.NEEDS_OPERATOR})


class Fail(StepInput):
    """`undone`: the compensation went through; otherwise an operator must look."""

    undone: bool = True


@step("record.abort", runs_while=LIVE, compensation=True)
def abort(_request: Nothing, context: StepContext) -> StepResult:
    """The first task of the failure path: from here on no forward step runs, however late it arrives."""
    operations.abort(context.operation_id)
    return StepResult()


@step("record.revert", compensation=True)
def revert(_request: Nothing, context: StepContext) -> StepResult:
    """The instance's row has the values that it had before the operation."""
    restore(context.operation_id)
    return StepResult()


@step("record.fail", runs_while=LIVE | ENDED_BADLY, compensation=True)
def fail(request: Fail, context: StepContext) -> StepResult:
    """The last task of the failure path: FAILED or CANCELLED, or NEEDS_OPERATOR when the compensation itself failed."""
    operations.fail(context.operation_id, OperationState.FAILED if request.undone else OperationState.NEEDS_OPERATOR)
    return StepResult()

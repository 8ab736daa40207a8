"""The timeline of an operation: one row per step, kept by the runtime around every call."""

from collections.abc import Callable

from sqlalchemy.exc import IntegrityError
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from functions.runtime.clock import now
from functions.runtime.errors import StepRefused
from functions.state.database import transaction
from functions.state.models import Operation, OperationState, OperationStep, StepState

ERROR_LIMIT = 2000
"""Characters of an error message that are kept."""


@retry(retry=retry_if_exception_type(IntegrityError), stop=stop_after_attempt(3), reraise=True)
def step_started(operation_id: str, name: str, check: Callable[[OperationState, bool], None]) -> tuple[int, bool]:
    """Note a call of a step. The number of attempts so far, and whether it is called again since it was not done: that
    is the same attempt.

    `check` gets the operation's state and whether it is being undone; what it raises leaves nothing noted. Raises
    StepRefused when there is no such operation.
    """
    with transaction() as session:
        operation = session.get(Operation, operation_id)
        if operation is None:
            raise StepRefused(f"no operation {operation_id}")
        check(OperationState(operation.state), operation.error is not None)
        step = session.get(OperationStep, (operation_id, name), with_for_update=True)
        again = step is not None and step.state == StepState.WAITING
        if step is None:
            step = OperationStep(operation_id=operation_id, name=name, attempts=1, state=StepState.RUNNING)
            session.add(step)
        elif again:
            step.state = StepState.RUNNING
        else:
            step.attempts += 1
            step.state, step.ended = StepState.RUNNING, None
        return step.attempts, again


def step_ended(operation_id: str, name: str, state: StepState, error: dict[str, str] | None = None) -> None:
    """Note how the call ended."""
    if error is not None:
        error = error | {"message": error["message"][:ERROR_LIMIT]}
    with transaction() as session:
        step = session.get_one(OperationStep, (operation_id, name), with_for_update=True)
        step.state, step.error = state, error
        step.ended = None if state == StepState.WAITING else now()

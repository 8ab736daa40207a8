"""The step core: a name, an input and an authorization in, an envelope out. Adapters carry it over a transport."""

import functools
import time
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import structlog
from pydantic import ValidationError

from functions.operations import kind_of
from functions.runtime import registry, token
from functions.runtime.envelope import Envelope, StepError
from functions.runtime.errors import OperationAborted, StepInvalid, StepRefused, TroveError
from functions.runtime.logs import get_logger
from functions.runtime.step import READ_SECONDS, Step, StepContext, StepResult
from functions.state import operations, timeline
from functions.state.models import OperationState, StepState

CRASHES = 3
"""An unforeseen error may pass; after so many attempts it is taken to stay."""


def call(name: str, arguments: dict[str, Any], authorization: str | None) -> Envelope:
    """Run one step. Never raises: every error becomes the envelope's, at this one place."""
    with structlog.contextvars.bound_contextvars(step=name, attempt=1):
        try:
            return _authorised(name, arguments, authorization)
        except TroveError as error:
            return _failed(error)
        except Exception as error:  # noqa: BLE001 - the function boundary
            get_logger().exception("step crashed")
            again = structlog.contextvars.get_contextvars()["attempt"] < CRASHES
            return _envelope(type(error).__name__, f"{name} crashed: {type(error).__name__}", retryable=again)


def _authorised(name: str, arguments: dict[str, Any], authorization: str | None) -> Envelope:
    claims = token.verify(authorization)
    step = registry.find(name)
    if claims.aud != step.audience:
        raise StepRefused(f"a token for {claims.aud} does not allow {name}")
    request = _validated(step, arguments)
    if step.audience == "sweep":
        return _ran(step, request, StepContext(claims.sub))
    if step.audience == "schedule":
        with structlog.contextvars.bound_contextvars(schedule_id=claims.sub):
            return _ran(step, request, StepContext(claims.sub))
    if step.audience == "read":
        with structlog.contextvars.bound_contextvars(instance_id=claims.sub):
            return _ran(step, request, StepContext(claims.sub, time.monotonic() + READ_SECONDS))
    with structlog.contextvars.bound_contextvars(operation_id=claims.sub):
        return _of_operation(step, request, arguments, StepContext(claims.sub))


def _validated(step: Step[Any, Any], arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - the step's own model
    try:
        return step.input.model_validate(arguments)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise StepInvalid(f"{step.name}: {problems}") from None


def _check(step: Step[Any, Any], operation_id: str, state: OperationState, undoing: bool) -> None:
    if state not in step.runs_while:
        raise StepRefused(f"operation {operation_id} is {state}: {step.name} does not run any more")
    if undoing and not step.compensation:
        raise OperationAborted(f"operation {operation_id} is being undone: {step.name} does not run any more")


def _of_operation(step: Step[Any, Any], request: Any, arguments: dict[str, Any], context: StepContext) -> Envelope:  # noqa: ANN401
    """Run a step of an operation; with the first one the operation begins, with the last one it has succeeded."""
    operation = operations.load(context.operation_id)
    kind = kind_of(operation)
    is_last = kind.is_last(step.name, arguments)
    if is_last and operation.state == OperationState.SUCCEEDED:
        return _done()
    if operation.state == OperationState.QUEUED and kind.is_first(step.name, arguments):
        operations.begin(operation.id)
    try:
        return _recorded(step, request, context, is_last)
    except TroveError:
        if is_last and operations.load(operation.id).state == OperationState.SUCCEEDED:
            return _done()  # another call of it was there first
        raise


def _done() -> Envelope:
    return Envelope(ok=True, result=StepResult().model_dump())


def _recorded(step: Step[Any, Any], request: Any, context: StepContext, is_last: bool) -> Envelope:  # noqa: ANN401
    with _Recording(step, context.operation_id) as recording:
        structlog.contextvars.bind_contextvars(attempt=recording.attempt)
        envelope = _ran(step, request, replace(context, again=recording.again))
        recording.done = envelope.result is not None and envelope.result["done"]
        if is_last and recording.done:
            operations.succeed(context.operation_id)
    get_logger().info("step ended", done=recording.done)
    return envelope


class _Recording:
    """Keeps the step's line in the operation's timeline around one call of it, if the operation allows the call."""

    def __init__(self, step: Step[Any, Any], operation_id: str) -> None:
        self._step, self._operation_id, self._name = step, operation_id, step.name
        self.done = True
        self.attempt, self.again = 0, False

    def __enter__(self) -> Self:
        self.attempt, self.again = timeline.step_started(
            self._operation_id, self._name, functools.partial(_check, self._step, self._operation_id)
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            state = StepState.SUCCEEDED if self.done else StepState.WAITING
            timeline.step_ended(self._operation_id, self._name, state)
            return
        message = error.message if isinstance(error, TroveError) else f"crashed: {kind.__name__}"
        reason = {"type": kind.__name__, "message": message}
        timeline.step_ended(self._operation_id, self._name, StepState.ERROR, reason)


def _ran(step: Step[Any, Any], request: Any, context: StepContext) -> Envelope:  # noqa: ANN401
    result = step.function(request, context)
    return Envelope(ok=True, result=result.model_dump(mode="json"))


def _failed(error: TroveError) -> Envelope:
    get_logger().warning("step failed", error=type(error).__name__, message=error.message)
    return _envelope(type(error).__name__, error.message, error.retryable, error.details)


def _envelope(kind: str, message: str, retryable: bool, details: dict[str, Any] | None = None) -> Envelope:
    return Envelope(ok=False, error=StepError(type=kind, message=message, details=details or {}, retryable=retryable))

"""The call of a step: a name, a body and an authorization in, an envelope out. Adapters carry it over a transport.

The body is {"input": the step's input, "task": the task's name in its operation's plan, for a step of an operation}.
"""

import functools
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from functions.base.errors import OperationAborted, StepInvalid, StepRefused, TroveError
from functions.base.logs import get_logger
from functions.base.settings import get_settings
from functions.base.statuses import OperationState, TaskState
from functions.framework import registry, token
from functions.framework.envelope import Envelope, StepError
from functions.framework.step import READ_SECONDS, Step, StepContext, StepResult
from functions.state.operations import operations, timeline
from functions.state.operations.models import TaskError
from functions.state.operations.timeline import Entry


class Body(BaseModel):
    """The body of a call."""

    model_config = ConfigDict(extra="forbid")

    task: str = ""
    input: dict[str, object] = {}


def call(name: str, body: Mapping[str, object], authorization: str | None) -> Envelope:
    """Run one step and return its envelope. Never raises: every error becomes the envelope's, here only."""
    with structlog.contextvars.bound_contextvars(step=name, attempt=1):
        try:
            return _authorised(name, body, authorization)
        except TroveError as error:
            return _failed(error)
        except Exception as error:  # noqa: BLE001 - the function boundary
            get_logger().exception("step crashed")
            again = structlog.contextvars.get_contextvars()["attempt"] < get_settings().step_crash_attempts
            return _envelope(type(error).__name__, f"{name} crashed: {type(error).__name__}", retryable=again)


def _authorised(name: str, body: Mapping[str, object], authorization: str | None) -> Envelope:
    claims = token.verify(authorization)
    step = registry.find(name)
    if claims.aud != step.audience:
        raise StepRefused(f"a token for {claims.aud} does not allow {name}")
    asked = _validated(name, Body, body)
    request = _validated(name, step.input, asked.input)
    if step.audience == "operation":
        with structlog.contextvars.bound_contextvars(operation_id=claims.sub):
            return _of_operation(step, request, asked.task, claims.sub)
    seconds = READ_SECONDS if step.audience == "read" else get_settings().step_seconds
    with structlog.contextvars.bound_contextvars(subject=claims.sub):
        return _answer(step.function(request, StepContext(claims.sub, time.monotonic() + seconds)))


def _validated(name: str, model: type[BaseModel], document: Mapping[str, object]) -> Any:  # noqa: ANN401 - the model
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise StepInvalid(f"{name}: {problems}") from None


def _check(step: Step[Any, Any], operation_id: str, state: OperationState, undoing: bool) -> None:
    if state not in step.runs_while:
        raise StepRefused(f"operation {operation_id} is {state}: {step.name} must not run any more")
    if undoing and not step.compensation:
        raise OperationAborted(f"operation {operation_id} is being undone: {step.name} must not run any more")


def _of_operation(step: Step[Any, Any], request: Any, task: str, operation_id: str) -> Envelope:  # noqa: ANN401
    """Run a step of an operation on all targets of its task at once; the result is `done` if it is on every target."""
    asked = timeline.Call(operation_id, task, step.name, time.monotonic() + get_settings().step_seconds)
    entries = timeline.enter(asked, functools.partial(_check, step, operation_id))
    run = functools.partial(_on_target, step, request)
    structlog.contextvars.bind_contextvars(attempt=max((entry.attempt for entry in entries), default=1))
    if len(entries) == 1:
        results = [run(entries[0])]
    else:
        with ThreadPoolExecutor(get_settings().step_targets_at_once) as pool:
            begun = [pool.submit(copy_context().run, run, entry) for entry in entries]
        results = [future.result() for future in begun]
    unfinished = next((result for result in results if not result.done), StepResult())
    get_logger().info("step ended", done=unfinished.done, targets=len(entries))
    return _answer(unfinished)


def _on_target(step: Step[Any, Any], request: Any, entry: Entry) -> StepResult:  # noqa: ANN401 - the step's own model
    """Run a step on one target and record its result or error in the timeline."""
    try:
        result: StepResult = step.function(request, entry.context)
        timeline.leave(entry.context, TaskState.SUCCEEDED if result.done else TaskState.WAITING)
    except Exception as error:
        message = error.message if isinstance(error, TroveError) else f"crashed: {type(error).__name__}"
        timeline.leave(entry.context, TaskState.ERROR, TaskError(type=type(error).__name__, message=message))
        if _succeeded_meanwhile(entry):
            return StepResult()
        raise
    return result


def _succeeded_meanwhile(entry: Entry) -> bool:
    """Return whether another call of the last task has ended the operation in SUCCEEDED."""
    return operations.load(entry.context.operation_id).state == OperationState.SUCCEEDED


def _answer(result: BaseModel) -> Envelope:
    return Envelope(ok=True, result=result.model_dump(mode="json"))


def _failed(error: TroveError) -> Envelope:
    get_logger().warning("step failed", error=type(error).__name__, message=error.message)
    return _envelope(type(error).__name__, error.message, error.retryable, error.details)


def _envelope(kind: str, message: str, retryable: bool, details: dict[str, object] | None = None) -> Envelope:
    return Envelope(ok=False, error=StepError(type=kind, message=message, details=details or {}, retryable=retryable))

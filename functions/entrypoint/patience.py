"""Waiting a moment in a request: quick operations are over in about a second, and clients do not expect to meet them.

Trove changes databases and users as fast as they are asked for; here each is an operation, and an instance has one of
them at a time. So a request that meets a quick one waits for its end.
"""

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from functions.entrypoint.call import AnyCall, Handler, Reply
from functions.runtime.errors import BusyForAMoment, EngineRefused
from functions.runtime.settings import get_settings
from functions.state import accounts, operations
from functions.state.models import ACTIVE_STATES, Operation, OperationState

PATIENCE_SECONDS = 10.0
"""Seconds that a request waits for an operation at most."""
INTERVAL_SECONDS = 0.05
"""Seconds between two looks at the operation's row."""
ENDED_BADLY = (OperationState.FAILED, OperationState.NEEDS_OPERATOR)


def patient(handler: Handler) -> Handler:
    """The same handler, called again while a quick operation has the instance; nothing was accepted then."""

    def answer(call: AnyCall) -> Reply:
        attempts = Retrying(
            retry=retry_if_exception_type(BusyForAMoment),
            stop=stop_after_delay(PATIENCE_SECONDS),
            wait=wait_fixed(INTERVAL_SECONDS),
            reraise=True,
        )
        return attempts(handler, call)

    return answer


def settle(instance_id: str) -> None:
    """Let a quick change end, if it ends soon, so that a read shows what was asked for before."""
    _poll(bool)(accounts.changing, instance_id)


def finish(operation: Operation, failed: str) -> Operation:
    """Wait for the operation's end, where one of the process's places to wait is free; return its latest state.

    Clients of Trove use a change as soon as they are answered. Past `PATIENCE_SECONDS`, or when every place is taken,
    the answer comes before the change is in force, and the operation tells of it.

    Raises:
        EngineRefused: it failed; `failed` begins the message, its reason follows.
    """
    if not _places().acquire(blocking=False):
        return operation
    try:
        seen = await_end(operation)
    finally:
        _places().release()
    if seen.state in ENDED_BADLY:
        raise EngineRefused(f"{failed}: {(seen.error or {}).get('message')} (operation {seen.id})")
    return seen


@lru_cache(maxsize=1)
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(get_settings().waiting_requests)


def await_end(operation: Operation, seconds: float = PATIENCE_SECONDS) -> Operation:
    """The operation when it has ended, or as it is when patience is."""
    seen: Operation = _poll(lambda seen: seen.state in ACTIVE_STATES, seconds)(operations.load, operation.id)
    return seen


def _poll(unsettled: Callable[[Any], bool], seconds: float = PATIENCE_SECONDS) -> Retrying:
    return Retrying(
        retry=retry_if_result(unsettled),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(INTERVAL_SECONDS),
        retry_error_callback=lambda last: last.outcome.result() if last.outcome else None,
    )

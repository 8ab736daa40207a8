"""Waiting within a request for a short operation to end.

Trove's clients expect a database or user to be changed when they get the response. Here each change is an operation,
takes about a second, and an instance has one at a time. So a request waits for its own operation, and for one that is
in its way.
"""

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from functions.base.errors import BusyForAMoment, EngineRefused
from functions.base.settings import get_settings
from functions.base.statuses import ACTIVE_STATES, OperationState
from functions.entrypoint.api_request import AnyRequest, Handler, ResponseBody
from functions.operations.parts import accounts
from functions.state.operations import operations
from functions.state.operations.models import Operation

WAIT_SECONDS = 10.0
"""Seconds that a request waits for an operation at most."""
POLL_SECONDS = 0.05
"""Seconds between two reads of the operation's row."""
FAILURE_STATES = (OperationState.FAILED, OperationState.NEEDS_OPERATOR)


def retry_while_busy(handler: Handler) -> Handler:
    """Wrap a handler: call it again, up to `WAIT_SECONDS`, while it raises BusyForAMoment."""

    def answer(request: AnyRequest) -> ResponseBody:
        attempts = Retrying(
            retry=retry_if_exception_type(BusyForAMoment),
            stop=stop_after_delay(WAIT_SECONDS),
            wait=wait_fixed(POLL_SECONDS),
            reraise=True,
        )
        return attempts(handler, request)

    return answer


def wait_for_account_changes(instance_id: str) -> None:
    """Wait up to `WAIT_SECONDS` for changes of the instance's databases and users, so that a read shows them."""
    _poll_while(bool)(accounts.is_changing, instance_id)


def wait_for_success(operation: Operation, failure: str) -> Operation:
    """Wait up to `WAIT_SECONDS` for the operation to end; return its latest state.

    Returns at once if `waiting_requests` requests of this process wait already. The returned operation may be active
    still.

    Raises:
        EngineRefused: the operation failed; `failure` begins the message, the operation's error follows.
    """
    if not _waiting_requests().acquire(blocking=False):
        return operation
    try:
        latest = wait_for_end(operation)
    finally:
        _waiting_requests().release()
    if latest.state in FAILURE_STATES:
        raise EngineRefused(f"{failure}: {failure_reason(latest)} (operation {latest.id})")
    return latest


def failure_reason(operation: Operation) -> str:
    """Return the message of the operation's error, empty if it has none."""
    return operation.error.message if operation.error else ""


def wait_for_end(operation: Operation, seconds: float = WAIT_SECONDS) -> Operation:
    """Wait up to `seconds` for the operation to end; return its latest state."""
    active = _poll_while(lambda latest: latest.state in ACTIVE_STATES, seconds)
    latest: Operation = active(operations.load, operation.id)
    return latest


@lru_cache(maxsize=1)
def _waiting_requests() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(get_settings().waiting_requests)


def _poll_while(condition: Callable[[Any], bool], seconds: float = WAIT_SECONDS) -> Retrying:
    return Retrying(
        retry=retry_if_result(condition),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(POLL_SECONDS),
        retry_error_callback=lambda last: last.outcome.result() if last.outcome else None,
    )

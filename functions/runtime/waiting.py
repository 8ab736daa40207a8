"""Waiting inside a step: a few seconds of polling, then the workflow calls again."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from functions.runtime.step import StepContext

T = TypeVar("T")

LONG_POLL_SECONDS = 5.0
"""A thread of Mistral's executor waits with the step: long enough to be few calls, short enough to share the pool."""
INTERVAL_SECONDS = 0.1


def wait_for(look: Callable[[], T], settled: Callable[[T], bool], context: StepContext) -> T | None:
    """Call `look` until `settled` says yes to its result; None when the long poll is over first."""
    try:
        return Retrying(
            retry=retry_if_result(lambda seen: not settled(seen)),
            stop=stop_after_delay(min(LONG_POLL_SECONDS, context.seconds_left)),
            wait=wait_fixed(INTERVAL_SECONDS),
        )(look)
    except RetryError:
        return None

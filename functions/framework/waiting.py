"""Waiting inside a step: poll for `long_poll_seconds`, after which the workflow calls the step again."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from functions.base.settings import get_settings
from functions.framework.step import StepContext

T = TypeVar("T")


def wait_for(look: Callable[[], T], settled: Callable[[T], bool], context: StepContext) -> T | None:
    """Call `look` until its result is `settled`, and return that; None if `long_poll_seconds` pass before."""
    settings = get_settings()
    try:
        return Retrying(
            retry=retry_if_result(lambda seen: not settled(seen)),
            stop=stop_after_delay(min(settings.long_poll_seconds, context.seconds_left)),
            wait=wait_exponential(settings.poll_interval_seconds, settings.poll_longest_seconds, exp_base=1.2),
        )(look)
    except RetryError:
        return None

"""Limits of the requests that a project may send in a minute, by method. Each process counts for itself, as in Trove.

A window is a minute of the clock. When it ends all counts are cleared, so a process holds one number for each project
and method of the current minute.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from functions.base.settings import get_settings
from functions.entrypoint.errors import RateLimited

WINDOW_SECONDS = 60
UNLIMITED = -1

_COUNTED_AS = {"PATCH": "PUT"}
"""Methods that count against the limit of another one."""


@dataclass(frozen=True)
class Rate:
    """The limit of one method, and how many requests of the current minute remain."""

    verb: str
    value: int
    remaining: int
    next_available: int
    """Unix time at which the next minute begins."""


class RateLimits:
    """The counts of one process."""

    def __init__(self, limits: Mapping[str, int], clock: Callable[[], float] = time.time) -> None:
        self._limits = {verb: limit for verb, limit in limits.items() if limit != UNLIMITED}
        self._clock = clock
        self._lock = threading.Lock()
        self._window = 0
        self._counts = Counter[tuple[str, str]]()

    def count(self, project_id: str, method: str) -> None:
        """Count a request. Raises RateLimited if the project reached its limit in this minute."""
        verb = _COUNTED_AS.get(method, method)
        limit = self._limits.get(verb)
        if limit is None:
            return
        with self._lock:
            self._start_window()
            if self._counts[project_id, verb] >= limit:
                raise RateLimited(verb, limit, self._seconds_left())
            self._counts[project_id, verb] += 1

    def rates(self, project_id: str) -> list[Rate]:
        """Return each limit with what remains of it for a project."""
        with self._lock:
            self._start_window()
            following = (self._window + 1) * WINDOW_SECONDS
            return [
                Rate(verb, limit, max(0, limit - self._counts[project_id, verb]), following)
                for verb, limit in self._limits.items()
            ]

    def _start_window(self) -> None:
        """Clear the counts if the minute has changed."""
        window = int(self._clock()) // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._counts.clear()

    def _seconds_left(self) -> int:
        return max(1, (self._window + 1) * WINDOW_SECONDS - int(self._clock()))


@lru_cache(maxsize=1)
def rate_limits() -> RateLimits:
    """Return the limits of this process, from the settings."""
    settings = get_settings()
    limits = {
        "GET": settings.rate_limit_get,
        "POST": settings.rate_limit_post,
        "PUT": settings.rate_limit_put,
        "DELETE": settings.rate_limit_delete,
    }
    return RateLimits(limits)

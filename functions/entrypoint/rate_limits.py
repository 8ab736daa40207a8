"""How many requests a minute a project may send, by method; each process counts for itself, as Trove's do.

Minutes are those of the clock, and a count is forgotten with its minute: a process keeps one number for each project
and method that it has seen in the running one.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from functions.entrypoint.errors import RateLimited
from functions.runtime.settings import get_settings

WINDOW_SECONDS = 60
UNLIMITED = -1

_COUNTED_AS = {"PATCH": "PUT"}


@dataclass(frozen=True)
class Rate:
    """A limit of one method, and what is left of it."""

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

    def take(self, project_id: str, method: str) -> None:
        """Count a request. Raises RateLimited: there were enough in this minute."""
        verb = _COUNTED_AS.get(method, method)
        limit = self._limits.get(verb)
        if limit is None:
            return
        with self._lock:
            self._turn()
            if self._counts[project_id, verb] >= limit:
                raise RateLimited(verb, limit, self._seconds_left())
            self._counts[project_id, verb] += 1

    def rates(self, project_id: str) -> list[Rate]:
        """What is left to a project."""
        with self._lock:
            self._turn()
            following = (self._window + 1) * WINDOW_SECONDS
            return [
                Rate(verb, limit, max(0, limit - self._counts[project_id, verb]), following)
                for verb, limit in self._limits.items()
            ]

    def _turn(self) -> None:
        window = int(self._clock()) // WINDOW_SECONDS
        if window != self._window:
            self._window = window
            self._counts.clear()

    def _seconds_left(self) -> int:
        return max(1, (self._window + 1) * WINDOW_SECONDS - int(self._clock()))


@lru_cache(maxsize=1)
def rate_limits() -> RateLimits:
    """The process's own."""
    settings = get_settings()
    limits = {
        "GET": settings.rate_limit_get,
        "POST": settings.rate_limit_post,
        "PUT": settings.rate_limit_put,
        "DELETE": settings.rate_limit_delete,
    }
    return RateLimits(limits)

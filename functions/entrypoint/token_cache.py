"""The cache of keystonemiddleware's tokens: in this process, bounded in number and time.

keystonemiddleware's own in-process cache is deprecated: it keeps one cache per thread and never removes an entry.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_TOKENS = 1000
"""Tokens kept, of some kB each; at more, the least recently used one is removed."""


class TokenCache:
    """The part of memcached's interface that the middleware uses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, or None if it is missing or has expired."""
        with self._lock:
            ends, value = self._entries.get(key, (0.0, b""))
            if ends <= self._clock():
                self._entries.pop(key, None)
                return None
            self._entries.move_to_end(key)
            return value

    def set(self, key: str, value: bytes, time: float) -> None:
        """Keep a value for `time` seconds."""
        with self._lock:
            self._entries[key] = (self._clock() + time, value)
            self._entries.move_to_end(key)
            while len(self._entries) > MAX_TOKENS:
                self._entries.popitem(last=False)

"""An in-process cache in place of memcached for Swift's proxy, which is its only client."""
# ruff: noqa: ANN401 - the cache keeps values of any type

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

LIMIT = 20_000
"""Entries at which the cache is emptied before the next one is added."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MemoryCache:
    """The part of swift.common.memcached.MemcacheRing that the proxy and its middleware call."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, raise_on_error: bool = False) -> Any:
        """Return the value of a key, or None if it is missing or has expired."""
        expires, value = self._entries.get(key, (0.0, None))
        if expires and expires < time.monotonic():
            del self._entries[key]
            return None
        return value

    def set(self, key: str, value: Any, serialize: bool = True, time: float = 0, **_options: Any) -> None:
        """Store a value for `time` seconds; 0: without expiry."""
        if len(self._entries) >= LIMIT:
            self._entries.clear()
        self._entries[key] = (_expiry(time), value)

    def incr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Add to a counter, but not below 0; return its new value."""
        value = max(0, int(self.get(key) or 0) + delta)
        self.set(key, value, time=time)
        return value

    def decr(self, key: str, delta: int = 1, time: float = 0) -> int:
        """Subtract from a counter, but not below 0; return its new value."""
        return self.incr(key, -delta, time)

    def delete(self, key: str, server_key: str | None = None) -> None:
        """Remove a value; do nothing if it is missing."""
        self._entries.pop(key, None)

    def set_multi(self, mapping: Mapping[str, Any], server_key: str, serialize: bool = True, time: float = 0) -> None:
        """Store several values for `time` seconds."""
        for key, value in mapping.items():
            self.set(key, value, time=time)

    def get_multi(self, keys: Iterable[str], server_key: str) -> list[Any]:
        """Return the values of several keys, None for those that are missing."""
        return [self.get(key) for key in keys]


def filter_factory(_global: Mapping[str, str], **_local: str) -> Callable[[Application], Application]:
    """Return a Paste filter that puts the cache into each request's environment."""
    cache = MemoryCache()

    def wrap(application: Application) -> Application:
        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            environ["swift.cache"] = cache
            return application(environ, start_response)

        return serve

    return wrap


def _expiry(seconds: float) -> float:
    return time.monotonic() + seconds if seconds else 0.0

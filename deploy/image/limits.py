"""Limits of a function group's HTTP server, from environment variables TROVE_SERVER_<NAME>.

`functions.base.settings` does not have them, since a cold start does not load it. HOST and PORT are the contract of
functions-framework and Knative.
"""

import os
from dataclasses import dataclass, field
from functools import partial


def _number(name: str, default: int) -> int:
    value = int(os.environ.get(name, default))
    if value < 1:
        raise ValueError(f"{name} must be 1 or more")
    return value


def _limit(name: str, default: int) -> int:
    return field(default_factory=partial(_number, f"TROVE_SERVER_{name}", default))


def _addresses() -> frozenset[str]:
    return frozenset(os.environ.get("TROVE_SERVER_TRUSTED_PROXIES", "").replace(",", " ").split())


@dataclass(frozen=True)
class Limits:
    """The limits of this process, read from the environment."""

    threads: int = field(default_factory=partial(_number, "THREADS", 16))
    """Requests that are served at once; each gets a thread when it has been received whole."""
    header_seconds: int = _limit("HEADER_SECONDS", 10)
    """Seconds from a request's first byte, or from a new connection, to the end of its headers."""
    body_seconds: int = _limit("BODY_SECONDS", 30)
    """Seconds from the end of the headers to the end of the body."""
    response_seconds: int = _limit("RESPONSE_SECONDS", 60)
    """Seconds in which a client must have read its response."""
    idle_seconds: int = _limit("IDLE_SECONDS", 75)
    """Seconds after its last response until a connection without a request is closed."""
    drain_seconds: int = _limit("DRAIN_SECONDS", 30)
    """Seconds after SIGTERM in which requests received before it are answered."""
    header_bytes: int = _limit("HEADER_BYTES", 32_768)
    """Largest request line and headers together, in bytes."""
    body_bytes: int = field(default_factory=partial(_number, "TROVE_MAX_REQUEST_BYTES", 1_048_576))
    """Largest body in bytes: the setting `max_request_bytes`."""
    connections: int = _limit("CONNECTIONS", 1000)
    """Most open connections; at more, one without a request is closed (`Connection.eviction_order`)."""
    client_connections: int = _limit("CLIENT_CONNECTIONS", 200)
    """Most open connections of one client address; at more, one of them without a request is closed."""
    trusted_proxies: frozenset[str] = field(default_factory=_addresses)
    """Addresses of proxies, to which `client_connections` does not apply."""

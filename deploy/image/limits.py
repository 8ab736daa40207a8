"""What the server of a function group bears from its clients: environment variables TROVE_SERVER_<NAME>.

They are read here and not in `functions.runtime.settings`, which a cold start does not load. HOST and PORT are the
contract of functions-framework and Knative.
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
    """The limits in force, from the environment."""

    threads: int = field(default_factory=partial(_number, "THREADS", 16))
    """Requests that are carried out at once; each has been received whole before."""
    header_seconds: int = _limit("HEADER_SECONDS", 10)
    """Seconds from a request's first byte, or from a new connection, to the end of its headers."""
    body_seconds: int = _limit("BODY_SECONDS", 30)
    """Seconds from the end of the headers to the end of the body."""
    response_seconds: int = _limit("RESPONSE_SECONDS", 60)
    """Seconds in which a client must have read what it was answered."""
    idle_seconds: int = _limit("IDLE_SECONDS", 75)
    """Seconds for which a connection without a request is kept after its last answer."""
    drain_seconds: int = _limit("DRAIN_SECONDS", 30)
    """Seconds for which requests that were received before SIGTERM are still answered."""
    header_bytes: int = _limit("HEADER_BYTES", 32_768)
    """Largest request line and headers."""
    body_bytes: int = field(default_factory=partial(_number, "TROVE_MAX_REQUEST_BYTES", 1_048_576))
    """Largest body: the setting `max_request_bytes`."""
    connections: int = _limit("CONNECTIONS", 1000)
    """Open connections; at more, the least useful one that no request occupies is closed."""
    client_connections: int = _limit("CLIENT_CONNECTIONS", 200)
    """Open connections of one client address, in the same way."""
    trusted_proxies: frozenset[str] = field(default_factory=_addresses)
    """Addresses of proxies: `client_connections` does not count for them."""

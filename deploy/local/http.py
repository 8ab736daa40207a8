"""Checks whether a service answers HTTP."""

import http.client
import time

PROBE_LIMIT = 1.0
"""Seconds after which a probe fails."""
PAUSE = 0.1
"""Seconds between two probes."""


def answers(address: str, port: int, path: str = "/") -> bool:
    """Return whether an HTTP server answers there without a server error."""
    connection = http.client.HTTPConnection(address, port, timeout=PROBE_LIMIT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for(address: str, port: int, path: str = "/") -> None:
    """Wait without a limit until a server answers; the supervisor limits how long a service may take to start."""
    while not answers(address, port, path):
        time.sleep(PAUSE)

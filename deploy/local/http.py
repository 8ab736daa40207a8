"""Is a service answering?"""

import http.client
import time

PROBE_LIMIT = 1.0
"""Seconds that a probe waits."""
PAUSE = 0.1
"""Seconds between two probes."""


def answers(address: str, port: int, path: str = "/") -> bool:
    """Whether an HTTP server answers there without a server error."""
    connection = http.client.HTTPConnection(address, port, timeout=PROBE_LIMIT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_for(address: str, port: int, path: str = "/") -> None:
    """Wait until a server answers; whoever supervises the caller limits the time."""
    while not answers(address, port, path):
        time.sleep(PAUSE)

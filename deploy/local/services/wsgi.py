"""Serves a WSGI application with threads, by cheroot as Mistral itself does."""

from collections.abc import Callable
from typing import Any

from cheroot import wsgi

THREADS = 24
"""Requests that are served at once."""
_IDLE_CONNECTION_SECONDS = 75
"""Seconds after which a connection without a request is closed."""


def serve(application: Callable[..., Any], address: str, port: int) -> None:
    """Serve until the process ends."""
    server = wsgi.Server(
        (address, port),
        application,
        numthreads=THREADS,
        request_queue_size=256,
        timeout=_IDLE_CONNECTION_SECONDS,
    )
    server.safe_start()

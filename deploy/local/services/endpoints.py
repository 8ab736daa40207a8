"""Keeps the endpoints' proxies running: starts one that has ended, and finishes a change that was interrupted.

The proxies are no children of this process: like hosts, they go on without the control plane.
"""

import sys
import time
from pathlib import Path

from deploy.local.endpoints import lifecycle
from deploy.local.endpoints.lifecycle import EndpointError
from deploy.local.services.context import Context

LOOK_SECONDS = 0.1
"""Seconds between two looks at all proxies."""
RETRY_SECONDS = 5.0
"""Seconds until a proxy that could not be started is tried again."""


def run(context: Context) -> None:
    """Look after the endpoints; never returns. The marker file says that all were looked at once."""
    not_before: dict[Path, float] = {}
    while True:
        for endpoint in lifecycle.endpoints(context.state.path):
            if time.monotonic() < not_before.get(endpoint.root, 0.0):
                continue
            try:
                if lifecycle.restore(context.state.path, endpoint):
                    _log(f"{endpoint.root.name}: restored")
            except EndpointError as error:
                not_before[endpoint.root] = time.monotonic() + RETRY_SECONDS
                _log(f"{endpoint.root.name}: {error}")
        marker(context).touch()
        time.sleep(LOOK_SECONDS)


def marker(context: Context) -> Path:
    """Return the file that exists once all endpoints were looked at."""
    return context.state.run / "endpoints.ready"


def _log(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", file=sys.stderr, flush=True)

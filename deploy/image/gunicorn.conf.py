"""gunicorn's settings for every function group: one process with threads, as serverless platforms scale by instances.

Read by gunicorn itself: `gunicorn --config deploy/image/gunicorn.conf.py deploy.image.wsgi:app`. HOST and PORT are the
contract of functions-framework and Knative.
"""
# ruff: noqa: N999 - the name that gunicorn looks for

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of gunicorn's own is made in it

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8080')}"  # noqa: S104 - inside a container
worker_class = "gthread"
workers = 1
threads = int(os.environ.get("THREADS", "16"))
timeout = 0
graceful_timeout = 5
keepalive = 75
limit_request_line = 8190
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
if os.access(_SHARED_MEMORY, os.W_OK):
    worker_tmp_dir = str(_SHARED_MEMORY)


def post_fork(_server: object, _worker: object) -> None:
    """Let the worker die with its master, so that the port is free for the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)

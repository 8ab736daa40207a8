"""The log: the server writes one."""

from __future__ import annotations

import re

from datastores.host.errors import BadRequest
from datastores.host.logs import Log
from datastores.redis.engine_server import Server

ERROR = "error"
_BEGIN = re.compile(rb"\d+:[A-Z] \d\d ")


def log(server: Server, name: str) -> Log:
    """A log by its name. Raises BadRequest."""
    if name != ERROR:
        raise BadRequest(f"{server.product.title} has no log '{name}': it has '{ERROR}'")
    return Log((server.old_log, server.log), _begins)


def _begins(line: bytes) -> bool | None:
    """A crash report has lines of its own form; they go with the entry before."""
    return True if _BEGIN.match(line) else None

"""The logs: `error`, `general` and `slow_query`, a file each ("The Error Log", "The General Query Log", "The Slow Query
Log" in the manual)."""

from __future__ import annotations

import re
from typing import Callable

from datastores.host.errors import BadRequest
from datastores.host.logs import Log
from datastores.mysql.engine_server import Server

_BEGINS = {
    "error": re.compile(rb"\d{4}-\d\d-\d\d"),
    "general": re.compile(rb"(\d{6} [ \d]\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+|\t)\t *\d+ [A-Z]|/\S*, Version: "),
    "slow_query": re.compile(rb"# (Time|User@Host): |/\S*, Version: "),
}


def log(server: Server, name: str) -> Log:
    """A log by its name. Raises BadRequest."""
    if name not in _BEGINS:
        raise BadRequest(f"{server.product.label} has no log '{name}': it has {', '.join(sorted(_BEGINS))}")
    return Log((server.facts.log / f"{name}.log",), _beginning(_BEGINS[name]))


def _beginning(pattern: re.Pattern[bytes]) -> Callable[[bytes], bool | None]:
    def begins(line: bytes) -> bool | None:
        return True if pattern.match(line) else None

    return begins

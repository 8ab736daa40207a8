"""The logs: `error`, `general` and `slow_query`, a file each ("The Error Log", "The General Query Log", "The Slow Query
Log" in the manual)."""

from __future__ import annotations

import re
from typing import Callable

from datastores.host.logs import Log
from datastores.host.roles import logs
from datastores.mysql.engine.node import Node

_BEGINS = {
    "error": re.compile(rb"\d{4}-\d\d-\d\d"),
    "general": re.compile(rb"(\d{6} [ \d]\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+|\t)\t *\d+ [A-Z]|/\S*, Version: "),
    "slow_query": re.compile(rb"# (Time|User@Host): |/\S*, Version: "),
}


class Logs(logs.Logs):
    """The logs, a file each."""

    node: Node

    def logs(self) -> dict[str, Log]:
        directory = self.node.facts.log
        return {name: Log((directory / f"{name}.log",), _beginning(pattern)) for name, pattern in _BEGINS.items()}


def _beginning(pattern: re.Pattern[bytes]) -> Callable[[bytes], bool | None]:
    def begins(line: bytes) -> bool | None:
        return True if pattern.match(line) else None

    return begins

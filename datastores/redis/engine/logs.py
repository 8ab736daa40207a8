"""The log: the server writes one."""

from __future__ import annotations

import re

from datastores.host.logs import Log
from datastores.host.roles import logs
from datastores.redis.engine.node import Node

_BEGIN = re.compile(rb"\d+:[A-Z] \d\d ")


class Logs(logs.Logs):
    """The one log, `error`."""

    node: Node

    def logs(self) -> dict[str, Log]:
        log = self.node.log
        return {"error": Log((log.with_suffix(".log.1"), log), _begins)}


def _begins(line: bytes) -> bool | None:
    """A crash report has lines of its own form; they go with the entry before."""
    return True if _BEGIN.match(line) else None

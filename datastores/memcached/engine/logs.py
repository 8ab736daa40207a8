"""The log: what the server says."""

from __future__ import annotations

from datastores.host.logs import Log
from datastores.host.roles import logs
from datastores.memcached.engine.node import Node


class Logs(logs.Logs):
    """The one log, `error`."""

    node: Node

    def logs(self) -> dict[str, Log]:
        return {"error": Log((self.node.log,))}

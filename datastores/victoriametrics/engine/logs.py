"""The log: what the server says."""

from __future__ import annotations

from datastores.host.logs import Log
from datastores.host.roles import logs
from datastores.victoriametrics.engine.node import Node


class Logs(logs.Logs):
    """The one log, `general`."""

    node: Node

    def logs(self) -> dict[str, Log]:
        return {"general": self.node.daemon.log}

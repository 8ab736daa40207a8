"""The log: what the server says."""

from __future__ import annotations

from datastores.etcd.engine.node import Node
from datastores.host.logs import Log
from datastores.host.roles import logs


class Logs(logs.Logs):
    """The one log, `general`."""

    node: Node

    def logs(self) -> dict[str, Log]:
        return {"general": self.node.daemon.log}

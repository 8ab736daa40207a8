"""TLS for clients."""

from __future__ import annotations

from datastores.host.roles import tls
from datastores.influxdb.engine import config
from datastores.influxdb.engine.node import Node


class Tls(tls.Tls):
    """TLS as the configuration has it, which is read when the server starts."""

    node: Node

    def served(self) -> bool:
        return config.has_tls(self.node)

    def reload(self) -> bool:
        """InfluxDB reads its certificate when it starts only."""
        return False

"""TLS for clients."""

from __future__ import annotations

from datastores.etcd.engine import config
from datastores.etcd.engine.node import Node
from datastores.host.roles import tls


class Tls(tls.Tls):
    """TLS as the configuration has it, which is read when the server starts.

    There is no mode `mtls`: etcd takes the common name of a client's certificate for its user, and one of them is the
    service's `root`.
    """

    node: Node

    def served(self) -> bool:
        return config.has_tls(self.node)

    def reload(self) -> bool:
        """etcd reads the certificate anew for each connection, and its addresses when it starts."""
        return self.node.started_mode() == self.node.facts.tls_mode

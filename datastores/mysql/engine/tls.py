"""TLS for clients."""

from __future__ import annotations

from datastores.host.roles import tls
from datastores.mysql.engine import client_certificates
from datastores.mysql.engine.node import Node
from datastores.protocol.tls import TlsMode

_SERVED = "SELECT COALESCE(@@GLOBAL.ssl_cert, '') <> '';\n"


class Tls(tls.Tls):
    """TLS as the running server has it."""

    node: Node

    def served(self) -> bool:
        return self.node.sql(_SERVED) == "1"

    def reload(self) -> bool:
        """Use certificate and mode; a server that was started without authorities for clients cannot take them on."""
        node, mode = self.node, self.node.facts.tls_mode
        if mode == TlsMode.MTLS and not client_certificates.verified(node):
            return False
        required = int(mode != TlsMode.BASIC)
        node.sql(f"SET GLOBAL require_secure_transport = {required};\n{node.product.reload_tls};\n")
        client_certificates.align(node)
        return True

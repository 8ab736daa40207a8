"""TLS for clients."""

from __future__ import annotations

import ssl
import time

from datastores.host import web
from datastores.host.errors import EngineError
from datastores.host.roles import tls
from datastores.victoriametrics.engine.node import TITLE, Node

_END = "-----END CERTIFICATE-----"
_RELOAD_SECONDS = 10.0
_POLL_SECONDS = 0.1


class Tls(tls.Tls):
    """TLS with which the server was started."""

    node: Node

    def served(self) -> bool:
        return self.node.has_tls()

    def reload(self) -> bool:
        """Wait until the server, which reads its certificate again within a second, shows it. Raises EngineError."""
        facts = self.node.facts
        wanted = ssl.PEM_cert_to_DER_cert(facts.certificate.read_text().partition(_END)[0] + _END)
        limit = time.monotonic() + _RELOAD_SECONDS
        while web.certificate(facts.address, self.node.port) != wanted:
            if time.monotonic() > limit:
                raise EngineError(f"{TITLE} did not read its certificate within {_RELOAD_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)
        return True

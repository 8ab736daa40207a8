"""TLS of a running server."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from datastores.host.errors import EngineError
from datastores.host.roles import tls
from datastores.memcached.engine.node import Node
from datastores.protocol.tls import TlsMode

ENABLE = "--enable-ssl"
_ANSWER_SECONDS = 10.0


class Tls(tls.Tls):
    """TLS with which the server was started."""

    node: Node

    def served(self) -> bool:
        return ENABLE in self._command()

    def _command(self) -> list[str]:
        return Path(f"/proc/{self.node.daemon.pid()}/cmdline").read_text(encoding="utf-8").split("\0")

    def reload(self) -> bool:
        """Have the server read its certificate again ("refresh_certs" in protocol.txt). Raises EngineError.

        The certificate that it shows until then is not looked at: it may be over, and the server is on this host. The
        mode is an option of the start, and in `mtls` the server would want a certificate of this client, too.
        """
        from datastores.memcached.engine import options

        node = self.node
        wanted = options.network(node.facts, (node.port, node.plain_port), tls=True)
        if node.facts.tls_mode == TlsMode.MTLS or not set(wanted) <= set(self._command()):
            return False
        _refresh(node.facts.address, node.port)
        return True


def _refresh(address: str, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((address, port), _ANSWER_SECONDS) as plain, context.wrap_socket(plain) as secured:
            secured.sendall(b"refresh_certs\r\n")
            answer = secured.recv(256).decode("utf-8", "replace").strip()
    except OSError as error:
        raise EngineError(f"memcached does not answer: {error}") from error
    if answer != "OK":
        raise EngineError(f"memcached did not read its certificate: {answer}")

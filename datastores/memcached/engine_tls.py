"""TLS of a running server."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from datastores.host.daemon import Daemon
from datastores.host.errors import EngineError

ENABLE = "--enable-ssl"
_ANSWER_SECONDS = 10.0


def serves(daemon: Daemon) -> bool:
    """Whether the server was started with TLS."""
    return ENABLE.encode() in Path(f"/proc/{daemon.pid()}/cmdline").read_bytes().split(b"\0")


def reload(address: str, port: int) -> None:
    """Have the server read its certificate again ("refresh_certs" in protocol.txt). Raises EngineError.

    The certificate that it shows until then is not looked at: it may be over, and the server is on this host.
    """
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

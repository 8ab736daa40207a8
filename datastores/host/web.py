"""HTTP to the engine's own server: through a socket of this host, or at the host's own address."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Union

from datastores.host.errors import EngineError

_SECONDS = 60.0
Body = Union[bytes, str, None]


@dataclass(frozen=True)
class Place:
    """Where the server answers: `socket`, or `address` and `port`, there with TLS or without."""

    socket: Path | None = None
    address: str = ""
    port: int = 0
    tls: bool = False


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(place: Place, method: str, path: str, body: Body = None, headers: dict[str, str] | None = None) -> bytes:
    """The content of a reply that says it went well. Raises Refused with the server's words, EngineError."""
    with Exchange(place, method, path, body, headers) as reply:
        return reply.read()


class Refused(EngineError):
    """The server answered with an error; `content` is its reply."""

    def __init__(self, content: bytes) -> None:
        super().__init__(f"the database refused: {content.decode('utf-8', 'replace').strip()[:500]}")
        self.content = content


class Exchange:
    """A request, and within the `with` block its reply as a file. Raises Refused, EngineError."""

    def __init__(
        self, place: Place, method: str, path: str, body: Body = None, headers: dict[str, str] | None = None
    ) -> None:
        self._connection = _connection(place)
        self._request = (method, path, body, headers or {})

    def __enter__(self) -> http.client.HTTPResponse:
        try:
            self._connection.request(*self._request)
            reply = self._connection.getresponse()
            if reply.status >= http.client.BAD_REQUEST:
                raise Refused(reply.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise EngineError(f"the database does not answer: {error or type(error).__name__}") from error
        return reply

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        if isinstance(error, http.client.HTTPException):
            raise EngineError(f"the database's reply broke off: {error or type(error).__name__}") from error


def certificate(address: str, port: int) -> bytes | None:
    """The certificate (DER) that a server at an address of this host shows. Raises EngineError."""
    try:
        plain = socket.create_connection((address, port), _SECONDS)
        with plain, _trusting().wrap_socket(plain) as secured:
            return secured.getpeercert(binary_form=True)
    except OSError as error:
        raise EngineError(f"the database does not answer: {error}") from error


def _trusting() -> ssl.SSLContext:
    """TLS with whoever answers at an address of this host: nobody else can answer there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _connection(place: Place) -> http.client.HTTPConnection:
    if place.socket is not None:
        return _SocketConnection(place.socket, _SECONDS)
    if not place.tls:
        return http.client.HTTPConnection(place.address, place.port, timeout=_SECONDS)
    return http.client.HTTPSConnection(place.address, place.port, timeout=_SECONDS, context=_trusting())

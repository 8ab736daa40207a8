"""An etcd server on its host, and how it is administered.

Administration goes through the server's socket, in JSON ("gRPC gateway" in the manual), as etcd's user `root`. etcd has
no peer authentication, so `root` has no password, with which nobody can log in, and each request carries a token that
is signed with the host's key (`datastores.host.bearer`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datastores.host import bearer
from datastores.host.errors import EngineError
from datastores.host.node import Node as HostNode
from datastores.host.web import Exchange, Place, Refused
from datastores.host.webdaemon import WebDaemon
from datastores.protocol.codec import Document
from datastores.protocol.tls import TlsMode

NAME = TITLE = "etcd"
ROOT = "root"
PEER = "unix://peer:0"  # no other member, so no network: a socket in the working directory
_CLIENT = "admin:0"  # 3.4 wants a port in a socket's name, and no directories
_ANY_REVISION = 2**52  # of the users: those who sign tokens are not to know it, and a greater one is never outdated


@dataclass(frozen=True)
class Node(HostNode):
    """The server, and requests to it as its administrator."""

    @property
    def conf(self) -> Path:
        """The configuration, which belongs to this host."""
        return self.facts.conf / "etcd.json"

    @property
    def _mode_file(self) -> Path:
        return self.facts.conf / "etcd.mode"

    def started_mode(self) -> TlsMode:
        """The mode of TLS with which the service started the server last."""
        path = self._mode_file
        return TlsMode(path.read_text()) if path.exists() else TlsMode.BUILTIN

    def keep_mode(self) -> None:
        """Note that the server is started with the mode as it is now."""
        self.write(self._mode_file, self.facts.tls_mode.value)

    @property
    def daemon(self) -> WebDaemon:
        """The process."""
        command = (self.bin / "etcd", "--config-file", self.conf)
        return WebDaemon(self.programs, NAME, TITLE, command, self.socket)

    @property
    def socket(self) -> Path:
        """The administrator's way in, in the daemon's working directory."""
        return self.facts.run / NAME / _CLIENT

    @property
    def client_url(self) -> str:
        """The socket, as the configuration names it."""
        return f"unix://{_CLIENT}"

    def request(self, path: str, **body: object) -> dict[str, Any]:
        """The reply to a request as the administrator. Raises EngineError with etcd's words."""
        try:
            with self.exchange(path, body) as reply:
                answer: dict[str, Any] = json.loads(reply.read())
        except Refused as error:
            raise EngineError(f"etcd refused: {_words(error)}") from error
        return answer

    def exchange(self, path: str, body: Document, *, signed: bool = True) -> Exchange:
        """A request as the administrator, or as nobody, whose reply is read piece by piece."""
        token = bearer.sign(self.facts, {"username": ROOT, "revision": _ANY_REVISION})
        headers = {"Authorization": token} if signed else {}
        return Exchange(Place(socket=self.socket), "POST", f"/v3/{path}", json.dumps(body), headers)

    def protected(self) -> bool:
        """Whether somebody without a password is refused."""
        try:
            with self.exchange("auth/user/list", {}, signed=False):
                return False
        except Refused:
            return True


def _words(error: Refused) -> str:
    try:
        return str(json.loads(error.content)["error"])
    except (ValueError, KeyError, TypeError):
        return str(error)

"""Where the one member's things are on its host, and how it is administered.

Administration goes through the member's socket, in JSON ("gRPC gateway" in the manual), as etcd's user `root`. etcd has
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
from datastores.host.facts import Facts
from datastores.host.process import Programs
from datastores.host.web import Exchange, Place, Refused
from datastores.host.webdaemon import WebDaemon

NAME = "etcd"
ROOT = "root"
PEER = "unix://peer:0"  # no other member, so no network: a socket in the working directory
_CLIENT = "admin:0"  # 3.4 wants a port in a socket's name, and no directories
_ANY_REVISION = 2**52  # of the users: those who sign tokens are not to know it, and a greater one is never outdated


@dataclass(frozen=True)
class Member:
    """The server: `bin` has its programs, `port` is for clients."""

    facts: Facts
    programs: Programs
    bin: Path
    port: int

    @property
    def data(self) -> Path:
        """The data directory, on the volume."""
        return self.facts.data / NAME

    @property
    def making(self) -> Path:
        """Where a data directory is made before it gets its name."""
        return self.facts.data / f"{NAME}.tmp"

    @property
    def conf(self) -> Path:
        """The configuration, which belongs to this host."""
        return self.facts.conf / "etcd.json"

    @property
    def daemon(self) -> WebDaemon:
        """The process."""
        command = (self.bin / "etcd", "--config-file", self.conf)
        return WebDaemon(self.programs, NAME, "etcd", command, self.socket)

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

    def exchange(self, path: str, body: dict[str, Any], *, signed: bool = True) -> Exchange:
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

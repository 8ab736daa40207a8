"""Where a server's things are on its host, and how it is administered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from datastores.host import files
from datastores.host.daemon import Daemon
from datastores.host.errors import EngineError
from datastores.host.facts import Facts
from datastores.host.process import Programs
from datastores.redis.engine_client import Client

ADMINISTRATOR = "os_admin"
_PASSWORD_BYTES = 32


@dataclass(frozen=True)
class Product:
    """What tells one of the family from another: the datastore's name, its name for people, the server's program."""

    name: str
    title: str
    program: str


@dataclass(frozen=True)
class Server:
    """One server. `program` is its executable."""

    facts: Facts
    programs: Programs
    product: Product
    program: Path
    port: int

    @property
    def data(self) -> Path:
        """The data directory, on the volume."""
        return self.facts.data / self.product.name

    @property
    def making(self) -> Path:
        """Where a data directory is made before it gets its name."""
        return self.facts.data / f"{self.product.name}.tmp"

    @property
    def conf(self) -> Path:
        """The configuration of this host."""
        return self.facts.conf / f"{self.product.name}.conf"

    @property
    def users(self) -> Path:
        """The users with the hashes of their passwords; they belong to the data."""
        return self.data / "users.acl"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.facts.log / f"{self.product.name}.log"

    @property
    def old_log(self) -> Path:
        """The log before it."""
        return self.log.with_suffix(".log.1")

    @property
    def socket(self) -> Path:
        """The socket for administration."""
        return self.facts.run / f"{self.product.name}.sock"

    @property
    def daemon(self) -> Daemon:
        """The process."""
        return Daemon(self.programs, self.product.name, self.data, self.log)

    def password(self) -> str:
        """The administrator's password, made when first asked for; it is known to this host alone
        (docs/decisions/0007-redis-administrator.md)."""
        path = self.facts.conf / f"{self.product.name}.password"
        if not path.exists():
            files.write_text(path, secrets.token_hex(_PASSWORD_BYTES))
        return path.read_text(encoding="utf-8")

    def admin(self) -> Client:
        """A connection of the administrator. Raises EngineError."""
        client = Client(self.socket)
        try:
            client.command("AUTH", ADMINISTRATOR, self.password())
        except EngineError:
            client.close()
            raise
        return client

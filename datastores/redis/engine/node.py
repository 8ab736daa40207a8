"""A server of the family on its host, and how it is administered."""

from __future__ import annotations

import importlib
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from datastores.host import files
from datastores.host.daemon import Daemon
from datastores.host.errors import EngineError
from datastores.host.node import Node as HostNode
from datastores.host.settings import SettingsFile
from datastores.redis.engine.client import Client
from datastores.redis.engine.family import Product

ADMINISTRATOR = "os_admin"
_PASSWORD_BYTES = 32


@dataclass(frozen=True)
class Node(HostNode):
    """The server, and connections to it as its administrator."""

    @cached_property
    def product(self) -> Product:
        """The product that it is a server of."""
        product: Product = importlib.import_module(f"datastores.{self.name}.engine.product").PRODUCT
        return product

    @property
    def program(self) -> Path:
        """Its executable."""
        return self.bin / self.product.program

    @property
    def settings_file(self) -> SettingsFile:
        """The configuration of this host."""
        return SettingsFile(self.facts, self.facts.conf / f"{self.name}.conf")

    @property
    def group_conf(self) -> Path:
        """What the server's place in a replication group needs."""
        return self.facts.conf / "group.conf"

    @property
    def authorities(self) -> Path:
        """The certificates of all whom a member of a group trusts: the other members, and clients with certificates."""
        return self.facts.conf / "members.crt"

    @property
    def guard_conf(self) -> Path:
        """What the boot script says, above all else."""
        return self.facts.run / "guard.conf"

    @property
    def users(self) -> Path:
        """The users with the hashes of their passwords; they belong to the data."""
        return self.data / "users.acl"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.facts.log / f"{self.name}.log"

    @property
    def socket(self) -> Path:
        """The socket for administration."""
        return self.facts.run / f"{self.name}.sock"

    @property
    def daemon(self) -> Daemon:
        """The process."""
        return Daemon(self.programs, self.name, self.data, self.log)

    def password(self) -> str:
        """The administrator's password, made when first asked for; it is known to this host alone
        (docs/decisions/0007-redis-administrator.md)."""
        path = self.facts.conf / f"{self.name}.password"
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

"""What the products of the MySQL family do each in their own way; the module `product` of each has its `PRODUCT`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datastores.mysql.engine.sql import Statement
from datastores.protocol.engine import Settings

if TYPE_CHECKING:
    from datastores.mysql.engine.node import Node


class Product(ABC):
    """A product; its programs are named by their places below the version's `programs`."""

    label: ClassVar[str]
    """Its name, for people."""
    server: ClassVar[str]
    client: ClassVar[str]
    backup: ClassVar[str]
    unpack: ClassVar[str]
    """The program that unpacks its backups' stream."""
    others: ClassVar[tuple[str, ...]] = ()
    """Programs that are wanted besides."""
    backup_format: ClassVar[str]
    own_plugins: ClassVar[bool]
    """Whether administration needs a plugin of the package (`auth_socket`); else the server gets to load none."""
    session: ClassVar[tuple[str, ...]]
    """What our sessions set so that nothing the tenant set ends them, or writes down what we send."""
    reload_tls: ClassVar[str]
    """The statement after which the server shows its certificate as it is now."""
    root_privileges: ClassVar[tuple[str, ...]]
    user_table: ClassVar[str] = "mysql.user"
    """Where the accounts are."""
    wants_certificate: ClassVar[str] = "ssl_type = 'X509'"
    """The condition of an account there that has REQUIRE X509."""
    init_statements: ClassVar[tuple[str, ...]] = ()
    """Statements of every start, besides those that make the administrator: accounts that the product needs."""
    backup_options: ClassVar[tuple[str, ...]] = ()
    """What the backup's program needs to be told, besides."""
    upgrade_info: ClassVar[str | None] = None
    """The file in the data directory that says which version's system tables are there; None: the server sees to it."""

    @abstractmethod
    def make_data(self, node: Node, directory: Path) -> list[str | Path]:
        """The command that makes empty data in a directory."""

    @abstractmethod
    def trial(self, node: Node, file: Path) -> list[str | Path]:
        """The command that reads an option file and says what is wrong with it."""

    @abstractmethod
    def socket_identity(self) -> str:
        """How an account is identified by its OS user."""

    @abstractmethod
    def identify(self, password: str) -> Statement:
        """How an account is identified by a password."""

    @abstractmethod
    def options(self, node: Node) -> Settings:
        """Options that only this product has."""

    def prepare_options(self, *, is_last: bool) -> list[str]:
        """What the backup's program needs to be told, besides, to prepare a link of a chain."""
        return []

    def upgrade(self, node: Node) -> list[str | Path]:
        """The command that makes the system tables this version's, where there is `upgrade_info`."""
        raise NotImplementedError

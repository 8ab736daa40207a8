"""Databases and users of an engine, and the calls that read and change them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from datastores.protocol.codec import ProtocolError
from datastores.protocol.message import Done, Work

ANYWHERE = "%"


@dataclass(frozen=True)
class Database:
    """A database to create; None = the engine's default."""

    name: str
    character_set: Optional[str] = None
    collate: Optional[str] = None

    def __post_init__(self) -> None:
        _not_empty(self.name, "name")


@dataclass(frozen=True)
class User:
    """A user to create, with the databases it may use. `host` limits where it may connect from."""

    name: str
    password: str = field(repr=False)
    host: Optional[str] = None
    databases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _not_empty(self.name, "name")
        _not_empty(self.password, "password")


@dataclass(frozen=True)
class UserName:
    """What tells a user from another: a name and, where the datastore has it, the host the user comes from."""

    name: str
    host: str = ANYWHERE

    def __post_init__(self) -> None:
        _not_empty(self.name, "name")


@dataclass(frozen=True)
class UserChange:
    """New attributes of a user; None leaves one."""

    name: str
    host: str = ANYWHERE
    new_name: Optional[str] = None
    new_host: Optional[str] = None
    password: Optional[str] = field(default=None, repr=False)

    @property
    def user(self) -> UserName:
        """The user as it is called until then."""
        return UserName(self.name, self.host)


@dataclass(frozen=True)
class Account:
    """A user and the databases granted to it."""

    name: str
    host: str
    databases: tuple[str, ...]


@dataclass(frozen=True)
class AccountList:
    """What tenants have in a database server; the service's own databases and users are left out."""

    databases: tuple[str, ...]
    users: tuple[Account, ...]
    root_enabled: bool = False


@dataclass(frozen=True)
class Accounts(Work[AccountList]):
    """List databases and users."""


@dataclass(frozen=True)
class CreateDatabases(Work[Done]):
    """Create databases; those that are there stay."""

    databases: tuple[Database, ...]


@dataclass(frozen=True)
class DeleteDatabase(Work[Done]):
    """Delete a database with everything in it."""

    name: str


@dataclass(frozen=True)
class CreateUsers(Work[Done]):
    """Create users, or set the passwords of those that are there, and grant them their databases."""

    users: tuple[User, ...]


@dataclass(frozen=True)
class UpdateUsers(Work[Done]):
    """Change users' attributes."""

    changes: tuple[UserChange, ...]


@dataclass(frozen=True)
class DeleteUser(Work[Done]):
    """Delete a user."""

    name: str
    host: str = ANYWHERE


@dataclass(frozen=True)
class Grant(Work[Done]):
    """Let the user `name` of `host` use databases."""

    name: str
    host: str
    databases: tuple[str, ...]


@dataclass(frozen=True)
class Revoke(Work[Done]):
    """Take databases from the user `name` of `host`."""

    name: str
    host: str
    databases: tuple[str, ...]


@dataclass(frozen=True)
class EnableRoot(Work[Done]):
    """Let the tenant's superuser log in with a password."""

    password: str = field(repr=False)

    def __post_init__(self) -> None:
        _not_empty(self.password, "password")


@dataclass(frozen=True)
class DisableRoot(Work[Done]):
    """Let the tenant's superuser log in no more."""


def _not_empty(value: str, name: str) -> None:
    if not value:
        raise ProtocolError(f"{name} must not be empty")

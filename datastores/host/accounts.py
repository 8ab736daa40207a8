"""Databases and users as an engine shows them, and what can be changed of a user."""

from __future__ import annotations

from dataclasses import dataclass, field

ANYWHERE = "%"


@dataclass(frozen=True)
class UserName:
    """What tells a user from another: a name and, where the datastore has it, the host the user comes from."""

    name: str
    host: str = ANYWHERE


@dataclass(frozen=True)
class Account:
    """A user and the databases granted to it."""

    name: str
    host: str
    databases: tuple[str, ...]


@dataclass(frozen=True)
class Accounts:
    """What tenants have in a database server; the service's own databases and users are left out."""

    databases: tuple[str, ...]
    users: tuple[Account, ...]
    root_enabled: bool = False


@dataclass(frozen=True)
class UserChange:
    """New attributes of a user; None leaves one."""

    user: UserName
    name: str | None = None
    host: str | None = None
    password: str | None = field(default=None, repr=False)

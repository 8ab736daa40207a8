"""Databases and users of an instance as its engine reports them; no row holds them."""

from pydantic import BaseModel


class UserName(BaseModel):
    """The name of a user and the host that it connects from; `%` is any host."""

    name: str
    host: str = "%"

    def __str__(self) -> str:
        return f"{self.name}@{self.host}"


class Account(UserName):
    """A user with the databases granted to it."""

    databases: list[str] = []


class Accounts(BaseModel):
    """The tenant's databases and users, sorted by name, without those of the service."""

    databases: list[str]
    users: list[Account]
    root_enabled: bool

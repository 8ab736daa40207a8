"""The role `tenants`: the databases and users that tenants have in the server, and their superuser.

Names reach these methods after they were checked by the datastore's rules (`datastores.host.tenants`).
"""

from __future__ import annotations

from abc import abstractmethod

from datastores.host.roles.role import Role
from datastores.protocol.accounts import AccountList, Database, User, UserChange, UserName


class Databases(Role):
    """Databases, and which users may use them."""

    capability = "databases"

    def name_problem(self, name: str) -> str | None:
        """Return why no database can have a name that the datastore's rules admit, None when one can."""
        return None

    @abstractmethod
    def create(self, databases: list[Database]) -> None:
        """Create those that are not there."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete a database with everything in it, ending the sessions there. Does nothing when it is not there."""

    @abstractmethod
    def grant(self, user: UserName, databases: list[str]) -> None:
        """Let a user use databases."""

    @abstractmethod
    def revoke(self, user: UserName, databases: list[str]) -> None:
        """Take databases from a user, ending its sessions there; what it owns there stays."""


class Users(Role):
    """Users."""

    capability = "users"

    @abstractmethod
    def create(self, users: list[User]) -> None:
        """Create users or set the password of existing ones, and grant them their databases."""

    @abstractmethod
    def update(self, change: UserChange) -> None:
        """Give a user new attributes; one that has them already stays. Raises BadRequest when there is no such user."""

    @abstractmethod
    def delete(self, user: UserName) -> None:
        """Delete a user, ending its sessions; what it owns stays. Does nothing when it is not there."""

    @abstractmethod
    def accounts(self) -> AccountList:
        """Return the tenant's databases and users: those that have names which the service accepts."""


class Root(Role):
    """The tenant's superuser, whose name is `root`."""

    capability = "root"

    @abstractmethod
    def enable(self, password: str) -> None:
        """Let it log in with a password."""

    @abstractmethod
    def disable(self) -> None:
        """Let it log in no more, ending its sessions; what it owns stays."""

"""Databases and users. A grant is ALL on a database; whoever has it cannot make databases, users or retention policies.

Names and passwords are quoted by InfluxQL's own rules, and travel in the body of a request that is not logged.
"""

from __future__ import annotations

from collections.abc import Sequence

from datastores.host.errors import BadRequest
from datastores.host.names import DATABASE, USER
from datastores.host.roles import tenants
from datastores.host.tenants import name_after
from datastores.influxdb.engine.influxql import name, text
from datastores.influxdb.engine.node import TITLE, Node
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, Database, User, UserChange, UserName

_NOT_IN_NAMES = frozenset("/\\")  # a database is a directory


class Databases(tenants.Databases):
    """Databases, each with the retention policy that InfluxDB gives it."""

    node: Node

    def name_problem(self, name: str) -> str | None:
        """A database's name is a directory's, printable."""
        if name in {".", ".."} or set(name) & _NOT_IN_NAMES or not name.isprintable():
            return f"the database name {name!r} has a character that InfluxDB does not take there"
        return None

    def create(self, databases: list[Database]) -> None:
        if any(database.character_set or database.collate for database in databases):
            raise BadRequest("InfluxDB's databases have no character set and no collation")
        for database in databases:
            self.node.query(f"CREATE DATABASE {name(database.name)}")

    def delete(self, database: str) -> None:
        """Delete a database; InfluxDB takes back the grants on it."""
        self.node.query(f"DROP DATABASE {name(database)}")

    def grant(self, user: UserName, databases: list[str]) -> None:
        _grant(self.node, user.name, databases)

    def revoke(self, user: UserName, databases: list[str]) -> None:
        for database in databases:
            self.node.query(f"REVOKE ALL PRIVILEGES ON {name(database)} FROM {name(user.name)}")


class Users(tenants.Users):
    """Users."""

    node: Node

    def create(self, users: list[User]) -> None:
        there = self._names()
        for user in users:
            if user.name in there:
                self.node.query(f"SET PASSWORD FOR {name(user.name)} = {text(user.password)}")
            else:
                self.node.query(f"CREATE USER {name(user.name)} WITH PASSWORD {text(user.password)}")
            _grant(self.node, user.name, user.databases)

    def update(self, change: UserChange) -> None:
        there = self._names()
        called = name_after(change, there, TITLE)
        if change.password is not None:
            granted = self._granted(change.name) if change.name in there else []
            self.create([User(called, change.password, databases=tuple(granted))])
        if called != change.name:
            self.delete(change.user)

    def delete(self, user: UserName) -> None:
        if user.name in self._names():
            self.node.query(f"DROP USER {name(user.name)}")

    def accounts(self) -> AccountList:
        rules = self.node.version.names
        found = [database for (database,) in self.node.query("SHOW DATABASES")]
        databases = {database for database in found if rules.problem(DATABASE, database) is None}
        users = [user for user in self._names() if rules.problem(USER, user) is None]
        return AccountList(
            databases=tuple(sorted(databases)),
            users=tuple(
                Account(user, ANYWHERE, tuple(sorted(set(self._granted(user)) & databases))) for user in sorted(users)
            ),
        )

    def _names(self) -> list[str]:
        return [user for user, _is_administrator in self.node.query("SHOW USERS")]

    def _granted(self, user: str) -> list[str]:
        granted = self.node.query(f"SHOW GRANTS FOR {name(user)}")
        return [database for database, privilege in granted if privilege == "ALL PRIVILEGES"]


def _grant(node: Node, user: str, databases: Sequence[str]) -> None:
    for database in databases:
        node.query(f"GRANT ALL ON {name(database)} TO {name(user)}")

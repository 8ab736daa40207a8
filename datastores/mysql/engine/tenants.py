"""Databases and users.

A user is a name and the addresses it comes from. A grant is all privileges on a database, without passing them on. The
accounts at `localhost` are the service's: tenants do not come through the socket. Views and routines of a deleted user
stay, and need a user of that name again to be used ("Stored Object Access Control" in the manual).

`root`@`%` is hidden among the users. Enabled, it has every privilege but those that reach the host's files, load code,
stop or reconfigure the server, or rule replication, as Amazon's RDS has it; it passes on what it has. These products
guard no account from who may create users (MySQL has SYSTEM_USER, which root has not), so that is a fence, not a wall:
the wall is that the server reads and writes no files for statements and loads nothing, runs as an unprivileged OS
user, and makes the service's account anew at every start. Disabled, it is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from datastores.host.errors import BadRequest
from datastores.host.names import DATABASE, USER
from datastores.host.roles import tenants
from datastores.mysql.engine import client_certificates, sessions
from datastores.mysql.engine.node import Node
from datastores.mysql.engine.sql import Statement, from_pattern, is_text, pattern
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, Database, User, UserChange, UserName

_ACCOUNT = "{user}@{host}"
_ROOT = UserName("root", ANYWHERE)
_USERS = "SELECT HEX(User), HEX(Host) FROM {} WHERE User <> '' AND Host NOT IN ('', 'localhost');\n"
_DATABASES = "SELECT HEX(SCHEMA_NAME) FROM information_schema.SCHEMATA;\n"


class Databases(tenants.Databases):
    """Databases, and the users who have all privileges on them."""

    node: Node

    def create(self, databases: list[Database]) -> None:
        self.node.sql("".join(_create(database).script() for database in databases))

    def delete(self, name: str) -> None:
        """Delete a database and the grants on it, ending the sessions in it."""
        sessions.end_in_database(self.node, name)
        self.node.sql(Statement("DROP DATABASE IF EXISTS {database!s}", {"database": name}).script())
        for holder in _holders(self.node, name):
            self.node.sql(_revoke(holder, name))

    def grant(self, user: UserName, databases: list[str]) -> None:
        """Let a user use databases. Raises BadRequest for a database that is not there."""
        _require_databases(self.node, set(databases))
        self.node.sql(_granted(user, databases))

    def revoke(self, user: UserName, databases: list[str]) -> None:
        for database in databases:
            if user in _holders(self.node, database):
                self.node.sql(_revoke(user, database))
            sessions.end_of_user(self.node, user.name, database)


class Users(tenants.Users):
    """Users, each a name and the addresses it comes from."""

    node: Node

    def create(self, users: list[User]) -> None:
        """Create users or set their passwords, and grant them their databases, all in one session. Raises BadRequest
        for a database that is not there."""
        _require_databases(self.node, {database for user in users for database in user.databases})
        named = [(UserName(user.name, user.host or ANYWHERE), user) for user in users]
        scripts = [_identified(self.node, name, user.password) + _granted(name, user.databases) for name, user in named]
        self.node.sql("".join(scripts))

    def update(self, change: UserChange) -> None:
        old = change.user
        new = UserName(change.new_name or old.name, change.new_host or old.host)
        renaming = old != new and _exists(self.node, old) and not _exists(self.node, new)
        if not renaming and not _exists(self.node, new):
            raise BadRequest(f"there is no user '{old.name}' of host '{old.host}'")
        script = ""
        if renaming:
            names = _texts(old) | {"new_user": new.name, "new_host": new.host}
            script = Statement(f"RENAME USER {_ACCOUNT} TO {{new_user}}@{{new_host}}", names).script()
        if change.password is not None:
            script += _identify(self.node, new, change.password, "ALTER USER").script()
        self.node.sql(script)

    def delete(self, user: UserName) -> None:
        _delete(self.node, user)

    def accounts(self) -> AccountList:
        node, rules = self.node, self.node.version.names
        databases = {name for (name,) in _rows(node, _DATABASES) if rules.problem(DATABASE, name) is None}
        users = [UserName(name, host) for name, host in _rows(node, _USERS.format(node.product.user_table))]
        grants = _grants(node)
        return AccountList(
            databases=tuple(sorted(databases)),
            users=tuple(
                Account(
                    user.name, user.host, tuple(sorted({name for holder, name in grants if holder == user} & databases))
                )
                for user in sorted(users, key=lambda user: (user.name, user.host))
                if rules.problem(USER, user.name) is None
            ),
            root_enabled=_ROOT in users,
        )


class Root(tenants.Root):
    """The account `root`@`%`."""

    node: Node

    def enable(self, password: str) -> None:
        privileges = ", ".join(self.node.product.root_privileges)
        granted = Statement(f"GRANT {privileges} ON *.* TO {_ACCOUNT} WITH GRANT OPTION", _texts(_ROOT))
        self.node.sql(_identified(self.node, _ROOT, password) + granted.script())

    def disable(self) -> None:
        """Delete it and end its sessions."""
        _delete(self.node, _ROOT)


def _delete(node: Node, user: UserName) -> None:
    """Delete a user, then end its sessions."""
    node.sql(Statement(f"DROP USER IF EXISTS {_ACCOUNT}", _texts(user)).script())
    sessions.end_of_user(node, user.name)


def _identified(node: Node, user: UserName, password: str) -> str:
    """Lines that create a user, unless it is there, and give it its password."""
    verbs = ("CREATE USER IF NOT EXISTS", "ALTER USER")
    return "".join(_identify(node, user, password, verb).script() for verb in verbs)


def _identify(node: Node, user: UserName, password: str, verb: str) -> Statement:
    clause = node.product.identify(password)
    required = client_certificates.clause(node)
    return Statement(f"{verb} {_ACCOUNT} {clause.template}{required}", _texts(user) | clause.texts)


def _exists(node: Node, user: UserName) -> bool:
    """Whether there is such a user."""
    condition = f"{is_text('User', user.name)} AND {is_text('Host', user.host)}"
    return _any(node, node.product.user_table, condition)


def _grants(node: Node) -> list[tuple[UserName, str]]:
    """Which user has which database."""
    found = _rows(node, "SELECT HEX(User), HEX(Host), HEX(Db) FROM mysql.db;\n")
    return [(UserName(user, host), from_pattern(database)) for user, host, database in found]


def _rows(node: Node, query: str) -> list[list[str]]:
    """The rows of a query whose values are in hexadecimal."""
    rows = node.sql(query).splitlines()
    return [[bytes.fromhex(field).decode() for field in row.split("\t")] for row in rows]


def _texts(user: UserName) -> dict[str, str]:
    """The texts of an account's name."""
    return {"user": user.name, "host": user.host}


def _holders(node: Node, database: str) -> list[UserName]:
    return [user for user, granted in _grants(node) if granted == database]


def _revoke(user: UserName, database: str) -> str:
    names = _texts(user) | {"database": pattern(database)}
    taken = ("GRANT OPTION", "ALL PRIVILEGES")
    return "".join(Statement(f"REVOKE {what} ON {{database!s}}.* FROM {_ACCOUNT}", names).script() for what in taken)


def _granted(user: UserName, databases: Sequence[str]) -> str:
    statement = f"GRANT ALL PRIVILEGES ON {{database!s}}.* TO {_ACCOUNT}"
    granted = [Statement(statement, _texts(user) | {"database": pattern(database)}) for database in databases]
    return "".join(item.script() for item in granted)


def _require_databases(node: Node, wanted: set[str]) -> None:
    """Raises BadRequest for the first that is not there."""
    for name in sorted(wanted):
        if not _any(node, "information_schema.SCHEMATA", is_text("SCHEMA_NAME", name)):
            raise BadRequest(f"there is no database '{name}'")


def _any(node: Node, table: str, condition: str) -> bool:
    return node.sql(f"SELECT COUNT(*) FROM {table} WHERE {condition};\n") != "0"  # noqa: S608 -- hexadecimal


def _create(database: Database) -> Statement:
    template, words = "CREATE DATABASE IF NOT EXISTS {name!s}", {"name": database.name}
    if database.character_set:
        template, words = f"{template} CHARACTER SET {{set}}", {**words, "set": database.character_set}
    if database.collate:
        template, words = f"{template} COLLATE {{collate}}", {**words, "collate": database.collate}
    return Statement(template, words)

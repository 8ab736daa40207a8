"""Databases and users. A grant is ALL on a database; whoever has it cannot make databases, users or retention policies.

Names and passwords are quoted by InfluxQL's own rules, and travel in the body of a request that is not logged.
"""

from __future__ import annotations

from collections.abc import Sequence

from datastores.host.errors import BadRequest
from datastores.host.names import DATABASE, USER, NameRules
from datastores.influxdb.engine_server import Server, name, text
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, Database, User, UserChange


def create_databases(server: Server, databases: list[Database]) -> None:
    """Create those that are not there. Raises EngineError."""
    for database in databases:
        server.query(f"CREATE DATABASE {name(database.name)}")


def delete_database(server: Server, database: str) -> None:
    """Delete a database; InfluxDB takes back the grants on it. Raises EngineError."""
    server.query(f"DROP DATABASE {name(database)}")


def create_users(server: Server, users: list[User]) -> None:
    """Create users or set their passwords, and grant them their databases. Raises EngineError."""
    there = _users(server)
    for user in users:
        if user.name in there:
            server.query(f"SET PASSWORD FOR {name(user.name)} = {text(user.password)}")
        else:
            server.query(f"CREATE USER {name(user.name)} WITH PASSWORD {text(user.password)}")
        grant(server, user.name, user.databases)


def update_user(server: Server, change: UserChange) -> None:
    """Set a user's password, or make it anew under another name. Raises BadRequest, EngineError."""
    there, called = _users(server), change.new_name or change.name
    if not {change.user.name, called} & set(there):
        raise BadRequest(f"there is no user '{change.user.name}'")
    if called not in there and change.password is None:
        raise BadRequest("InfluxDB cannot rename a user and keep its password: give a new password, too")
    if change.password is not None:
        granted = _granted(server, change.user.name) if change.user.name in there else []
        create_users(server, [User(called, change.password, databases=tuple(granted))])
    if called != change.user.name:
        delete_user(server, change.user.name)


def delete_user(server: Server, user: str) -> None:
    """Delete a user. Raises EngineError."""
    if user in _users(server):
        server.query(f"DROP USER {name(user)}")


def grant(server: Server, user: str, databases: Sequence[str]) -> None:
    """Let a user use databases. Raises EngineError."""
    for database in databases:
        server.query(f"GRANT ALL ON {name(database)} TO {name(user)}")


def revoke(server: Server, user: str, databases: Sequence[str]) -> None:
    """Take databases from a user. Raises EngineError."""
    for database in databases:
        server.query(f"REVOKE ALL PRIVILEGES ON {name(database)} FROM {name(user)}")


def accounts(server: Server, rules: NameRules) -> AccountList:
    """The databases and users with names that the service accepts. Raises EngineError."""
    databases = [found for (found,) in server.query("SHOW DATABASES") if rules.problem(DATABASE, found) is None]
    users = [user for user in _users(server) if rules.problem(USER, user) is None]
    return AccountList(
        databases=tuple(sorted(databases)),
        users=tuple(
            Account(user, ANYWHERE, tuple(sorted(set(_granted(server, user)) & set(databases))))
            for user in sorted(users)
        ),
    )


def _users(server: Server) -> list[str]:
    return [user for user, _is_administrator in server.query("SHOW USERS")]


def _granted(server: Server, user: str) -> list[str]:
    granted = server.query(f"SHOW GRANTS FOR {name(user)}")
    return [database for database, privilege in granted if privilege == "ALL PRIVILEGES"]

"""Databases and users.

A user is a name and the addresses it comes from. A grant is all privileges on a database, without passing them on. The
accounts at `localhost` are the service's: tenants do not come through the socket. Views and routines of a deleted user
stay, and need a user of that name again to be used ("Stored Object Access Control" in the manual).
"""

from __future__ import annotations

from collections.abc import Sequence

from datastores.host.errors import BadRequest
from datastores.mysql import engine_sessions
from datastores.mysql.engine_server import Server
from datastores.mysql.engine_sql import Statement, from_pattern, is_text, pattern
from datastores.protocol.accounts import ANYWHERE, Database, User, UserChange, UserName

ACCOUNT = "{user}@{host}"


def create_databases(server: Server, databases: list[Database]) -> None:
    """Create those that are not there. Raises EngineError with the server's words."""
    server.sql("".join(_create(database).script() for database in databases))


def delete_database(server: Server, name: str) -> None:
    """Delete a database and the grants on it, ending the sessions in it. Raises EngineError."""
    engine_sessions.end_in_database(server, name)
    server.sql(Statement("DROP DATABASE IF EXISTS {database!s}", {"database": name}).script())
    for holder in _holders(server, name):
        server.sql(_revoke(holder, name))


def create_users(server: Server, users: list[User]) -> None:
    """Create users or set their passwords, and grant them their databases, all in one session. Raises EngineError,
    BadRequest."""
    _require_databases(server, {database for user in users for database in user.databases})
    named = [(UserName(user.name, user.host or ANYWHERE), user) for user in users]
    server.sql(
        "".join(identified(server, name, user.password) + _granted(name, user.databases) for name, user in named)
    )


def identified(server: Server, user: UserName, password: str) -> str:
    """Lines that create a user, unless it is there, and give it its password."""
    verbs = ("CREATE USER IF NOT EXISTS", "ALTER USER")
    return "".join(_identify(server, user, password, verb).script() for verb in verbs)


def _identify(server: Server, user: UserName, password: str, verb: str) -> Statement:
    clause = server.product.identify(password)
    return Statement(f"{verb} {ACCOUNT} {clause.template}", texts(user) | clause.texts)


def update_user(server: Server, change: UserChange) -> None:
    """Rename a user and set its password. Raises BadRequest when there is none of either name, EngineError."""
    old = change.user
    new = UserName(change.new_name or old.name, change.new_host or old.host)
    renaming = old != new and exists(server, old) and not exists(server, new)
    if not renaming and not exists(server, new):
        raise BadRequest(f"there is no user '{old.name}' of host '{old.host}'")
    script = ""
    if renaming:
        names = texts(old) | {"new_user": new.name, "new_host": new.host}
        script = Statement(f"RENAME USER {ACCOUNT} TO {{new_user}}@{{new_host}}", names).script()
    if change.password is not None:
        script += _identify(server, new, change.password, "ALTER USER").script()
    server.sql(script)


def delete_user(server: Server, user: UserName) -> None:
    """Delete a user, then end its sessions. Raises EngineError."""
    server.sql(Statement(f"DROP USER IF EXISTS {ACCOUNT}", texts(user)).script())
    engine_sessions.end_of_user(server, user.name)


def grant(server: Server, user: UserName, databases: Sequence[str]) -> None:
    """Let a user use databases. Raises BadRequest for a database that is not there, EngineError."""
    _require_databases(server, set(databases))
    server.sql(_granted(user, databases))


def revoke(server: Server, user: UserName, databases: Sequence[str]) -> None:
    """Take databases from a user and end its sessions there. Raises EngineError."""
    for database in databases:
        if user in _holders(server, database):
            server.sql(_revoke(user, database))
        engine_sessions.end_of_user(server, user.name, database)


def exists(server: Server, user: UserName) -> bool:
    """Whether there is such a user."""
    condition = f"{is_text('User', user.name)} AND {is_text('Host', user.host)}"
    return _any(server, server.product.user_table, condition)


def grants(server: Server) -> list[tuple[UserName, str]]:
    """Which user has which database."""
    rows = server.sql("SELECT HEX(User), HEX(Host), HEX(Db) FROM mysql.db;\n").splitlines()
    found = [[bytes.fromhex(field).decode() for field in row.split("\t")] for row in rows]
    return [(UserName(user, host), from_pattern(database)) for user, host, database in found]


def texts(user: UserName) -> dict[str, str]:
    """The texts of an account's name."""
    return {"user": user.name, "host": user.host}


def _holders(server: Server, database: str) -> list[UserName]:
    return [user for user, granted in grants(server) if granted == database]


def _revoke(user: UserName, database: str) -> str:
    names = texts(user) | {"database": pattern(database)}
    taken = ("GRANT OPTION", "ALL PRIVILEGES")
    return "".join(Statement(f"REVOKE {what} ON {{database!s}}.* FROM {ACCOUNT}", names).script() for what in taken)


def _granted(user: UserName, databases: Sequence[str]) -> str:
    statement = f"GRANT ALL PRIVILEGES ON {{database!s}}.* TO {ACCOUNT}"
    granted = [Statement(statement, texts(user) | {"database": pattern(database)}) for database in databases]
    return "".join(item.script() for item in granted)


def _require_databases(server: Server, wanted: set[str]) -> None:
    """Raises BadRequest for the first that is not there."""
    for name in sorted(wanted):
        if not _any(server, "information_schema.SCHEMATA", is_text("SCHEMA_NAME", name)):
            raise BadRequest(f"there is no database '{name}'")


def _any(server: Server, table: str, condition: str) -> bool:
    return server.sql(f"SELECT COUNT(*) FROM {table} WHERE {condition};\n") != "0"  # noqa: S608 -- hexadecimal


def _create(database: Database) -> Statement:
    template, words = "CREATE DATABASE IF NOT EXISTS {name!s}", {"name": database.name}
    if database.character_set:
        template, words = f"{template} CHARACTER SET {{set}}", {**words, "set": database.character_set}
    if database.collate:
        template, words = f"{template} COLLATE {{collate}}", {**words, "collate": database.collate}
    return Statement(template, words)

"""What tenants have in the server, and their superuser `root`.

`root`@`%` is hidden among the users. Enabled, it has every privilege but those that reach the host's files, load code,
stop or reconfigure the server, or rule replication, as Amazon's RDS has it; it passes on what it has. These products
guard no account from who may create users (MySQL has SYSTEM_USER, which root has not), so that is a fence, not a wall:
the wall is that the server reads and writes no files for statements and loads nothing, runs as an unprivileged OS
user, and makes the service's account anew at every start. Disabled, it is deleted.
"""

from __future__ import annotations

from datastores.host.names import DATABASE, USER, NameRules
from datastores.mysql import engine_tenants
from datastores.mysql.engine_server import Server
from datastores.mysql.engine_sql import Statement
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, UserName

ROOT = UserName("root", ANYWHERE)
LOCAL = "localhost"
_USERS = "SELECT HEX(User), HEX(Host) FROM {} WHERE User <> '' AND Host NOT IN ('', 'localhost');\n"
_DATABASES = "SELECT HEX(SCHEMA_NAME) FROM information_schema.SCHEMATA;\n"


def enable_root(server: Server, password: str) -> None:
    """Let the tenant's superuser log in. Raises EngineError."""
    privileges = ", ".join(server.product.root_privileges)
    granted = f"GRANT {privileges} ON *.* TO {engine_tenants.ACCOUNT} WITH GRANT OPTION"
    whole = engine_tenants.identified(server, ROOT, password) + Statement(granted, engine_tenants.texts(ROOT)).script()
    server.sql(whole)


def disable_root(server: Server) -> None:
    """Delete it and end its sessions. Raises EngineError."""
    engine_tenants.delete_user(server, ROOT)


def accounts(server: Server, names: NameRules) -> AccountList:
    """The databases and users with names that the service accepts; the others are its own or hidden. Raises
    EngineError."""
    databases = {name for (name,) in _rows(server, _DATABASES) if names.problem(DATABASE, name) is None}
    users = [UserName(name, host) for name, host in _rows(server, _USERS.format(server.product.user_table))]
    grants = engine_tenants.grants(server)
    return AccountList(
        databases=tuple(sorted(databases)),
        users=tuple(
            Account(
                user.name, user.host, tuple(sorted({name for holder, name in grants if holder == user} & databases))
            )
            for user in sorted(users, key=lambda user: (user.name, user.host))
            if names.problem(USER, user.name) is None
        ),
        root_enabled=ROOT in users,
    )


def _rows(server: Server, query: str) -> list[list[str]]:
    rows = server.sql(query).splitlines()
    return [[bytes.fromhex(field).decode() for field in row.split("\t")] for row in rows]

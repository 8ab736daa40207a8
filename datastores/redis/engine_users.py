"""The users: ACLs ("ACL" in the manual), kept by the server in its aclfile.

The server writes the file without quotes and reads it with them, so a name with a space, a quote or a backslash would
break the next start; datastore.yaml forbids such names. Passwords are given as their SHA-256, as the server keeps them.
"""

from __future__ import annotations

import hashlib

from datastores.host import files
from datastores.host.errors import BadRequest
from datastores.host.names import USER, NameRules
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, User, UserChange
from datastores.redis.engine_client import Client
from datastores.redis.engine_server import ADMINISTRATOR, Server

_DEFAULT = "default"
_ADMINISTRATOR_RULES = "~* &* +@all"
_TENANT_RULES = (
    "~*", "&*", "+@all", "-@admin", "-@dangerous",
    "+flushall", "+flushdb", "+info", "+keys", "+lastsave", "+latency", "+restore", "+role", "+slowlog", "+sort",
    "+sort_ro", "+swapdb",
)  # fmt: skip
"""Everything but what administers the server, makes it connect elsewhere, stops it or shows other clients."""


def prepare(server: Server) -> None:
    """Have the aclfile name our administrator, and let nobody in without a user. The server reads it when it starts."""
    text = server.users.read_text(encoding="utf-8") if server.users.exists() else ""
    own = [
        f"user {_DEFAULT} reset",
        f"user {ADMINISTRATOR} reset on {_hash(server.password())} {_ADMINISTRATOR_RULES}",
    ]
    files.write_text(server.users, "\n".join([*own, *tenant_lines(text.splitlines())]) + "\n")
    server.facts.give(server.users)


def tenant_lines(lines: list[str]) -> list[str]:
    """Those of an aclfile's lines that are the tenant's users."""
    users = [line for line in lines if line.startswith("user ")]
    return [line for line in users if line.split(" ")[1] not in (_DEFAULT, ADMINISTRATOR)]


def create(server: Server, users: list[User]) -> None:
    """Create users, or set the password of existing ones. Raises EngineError."""
    with server.admin() as client:
        for user in users:
            client.command("ACL", "SETUSER", user.name, "reset", "on", _hash(user.password), *_TENANT_RULES)
        client.command("ACL", "SAVE")


def update(server: Server, change: UserChange) -> None:
    """Give a user another password or name. Raises BadRequest when there is no such user, EngineError."""
    old, new = change.user.name, change.new_name or change.name
    password = [] if change.password is None else ["resetpass", _hash(change.password)]
    with server.admin() as client:
        if old != new and _hashes(client, old) is not None:
            if _hashes(client, new) is not None:
                raise BadRequest(f"there is already a user '{new}'")
            hashes = [f"#{item}" for item in _hashes(client, old) or ()]
            client.command("ACL", "SETUSER", new, "reset", "on", *(password or hashes), *_TENANT_RULES)
            client.command("ACL", "DELUSER", old)
        elif _hashes(client, new) is None:
            raise BadRequest(f"there is no user '{old}'")
        else:
            client.command("ACL", "SETUSER", new, *password)
        client.command("ACL", "SAVE")


def delete(server: Server, name: str) -> None:
    """Delete a user, ending its sessions. Raises EngineError."""
    with server.admin() as client:
        client.command("ACL", "DELUSER", name)
        client.command("ACL", "SAVE")


def accounts(server: Server, names: NameRules) -> AccountList:
    """The users with names that the service accepts; the others are its own. Raises EngineError."""
    with server.admin() as client:
        users = sorted(name for name in client.command("ACL", "USERS") if names.problem(USER, name) is None)
    return AccountList(databases=(), users=tuple(Account(name, ANYWHERE, ()) for name in users))


def _hashes(client: Client, name: str) -> list[str] | None:
    """The hashes of a user's passwords, None when there is no such user."""
    answer = client.command("ACL", "GETUSER", name)
    if answer is None:
        return None
    hashes: list[str] = dict(zip(answer[::2], answer[1::2]))["passwords"]
    return hashes


def _hash(password: str) -> str:
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"

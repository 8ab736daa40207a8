"""The users: ACLs ("ACL" in the manual), kept by the server in its aclfile.

The server writes the file without quotes and reads it with them, so a name with a space, a quote or a backslash would
break the next start; datastore.yaml forbids such names. Passwords are given as their SHA-256, as the server keeps them.
"""

from __future__ import annotations

import hashlib

from datastores.redis.engine import group
from datastores.redis.engine.client import Client
from datastores.redis.engine.node import ADMINISTRATOR, Node

_DEFAULT = "default"
_ADMINISTRATOR_RULES = "~* &* +@all"
TENANT_RULES = (
    "~*", "&*", "+@all", "-@admin", "-@dangerous",
    "+flushall", "+flushdb", "+info", "+keys", "+lastsave", "+latency", "+restore", "+role", "+slowlog", "+sort",
    "+sort_ro", "+swapdb",
)  # fmt: skip
"""Everything but what administers the server, makes it connect elsewhere, stops it or shows other clients."""


def prepare(node: Node) -> None:
    """Have the aclfile name our administrator, and let nobody in without a user. The server reads it when it starts."""
    text = node.users.read_text(encoding="utf-8") if node.users.exists() else ""
    members = [line for line in text.splitlines() if line.startswith(f"user {group.PREFIX}")]
    own = [
        f"user {_DEFAULT} reset",
        f"user {ADMINISTRATOR} reset on {hashed(node.password())} {_ADMINISTRATOR_RULES}",
    ]
    node.write(node.users, "\n".join([*own, *members, *tenant_lines(text.splitlines())]) + "\n")


def tenant_lines(lines: list[str]) -> list[str]:
    """Those of an aclfile's lines that are the tenant's users."""
    users = [line for line in lines if line.startswith("user ")]
    named = [(line.split(" ")[1], line) for line in users]
    return [line for name, line in named if name not in (_DEFAULT, ADMINISTRATOR) and not name.startswith(group.PREFIX)]


def hashes(client: Client, name: str) -> list[str] | None:
    """The hashes of a user's passwords, None when there is no such user."""
    answer = client.command("ACL", "GETUSER", name)
    if answer is None:
        return None
    found: list[str] = dict(zip(answer[::2], answer[1::2]))["passwords"]
    return found


def hashed(password: str) -> str:
    """A password as the server keeps it."""
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"

"""Which names a datastore accepts for databases and users; the same rules hold at the entrypoint and on the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datastores.host.accounts import ANYWHERE

DATABASE, USER = "database", "user"


@dataclass(frozen=True)
class NameRules:
    """The `names` of a datastore.yaml."""

    max_bytes: int
    reserved_databases: tuple[str, ...] = ()
    reserved_users: tuple[str, ...] = ()
    reserved_prefixes: tuple[str, ...] = ()
    user_hosts: bool = False
    """Whether users are told apart by the hosts they come from, too."""

    def problem(self, kind: str, name: str) -> str | None:
        """Why a `database` or `user` cannot have that name, in words for its owner; None when it can."""
        size = len(name.encode("utf-8", "surrogatepass"))
        if not 0 < size <= self.max_bytes:
            return f"the name of a {kind} has 1 to {self.max_bytes} bytes in UTF-8, '{name[:80]}' has {size}"
        if any(ord(character) < ord(" ") or "\ud800" <= character <= "\udfff" for character in name):
            return f"the {kind} name {name!r} has a character that no name can have"
        reserved = self.reserved_databases if kind == DATABASE else self.reserved_users
        if name.lower() in reserved or name.lower().startswith(self.reserved_prefixes):
            return f"the {kind} name '{name}' is reserved: choose another one"
        return None

    def host_problem(self, host: str | None) -> str | None:
        """Why a user cannot have that host, in words for its owner; None when it can."""
        if self.user_hosts or host in {None, "", ANYWHERE}:
            return None
        return f"its users have no host: leave out '{host}', and limit the access to the instance instead"


def rules(document: dict[str, Any]) -> NameRules:
    """The rules from the `names` of a datastore.yaml."""
    lists = {name: tuple(items) for name, items in document.items() if name.startswith("reserved_")}
    return NameRules(max_bytes=document["max_bytes"], user_hosts=document.get("user_hosts", False), **lists)

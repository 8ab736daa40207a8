"""Which names a datastore accepts for databases and users; the same rules hold at the entrypoint and on the host."""

from __future__ import annotations

import re
from dataclasses import dataclass

from datastores.protocol.accounts import ANYWHERE
from datastores.protocol.codec import Document
from datastores.protocol.engine import Settings

DATABASE, USER = "database", "user"
_HOST = re.compile(r"[0-9A-Fa-f:.%_/]{1,60}")  # names are not looked up, and `localhost` is the service's


@dataclass(frozen=True)
class NameRules:
    """The `names` of a datastore.yaml."""

    max_bytes: int = 63
    max_user_bytes: int | None = None
    """Of a user's name, where that is shorter."""
    reserved_databases: tuple[str, ...] = ()
    reserved_users: tuple[str, ...] = ()
    reserved_prefixes: tuple[str, ...] = ()
    forbidden_characters: str = ""
    user_hosts: bool = False
    """Whether users are told apart by the hosts they come from, too: addresses, or patterns of them."""
    basic_plane: bool = False
    """Whether names have neither a space at their ends nor characters beyond U+FFFF."""

    def problem(self, kind: str, name: str) -> str | None:
        """Why a `database` or `user` cannot have that name, in words for its owner; None when it can."""
        size = len(name.encode("utf-8", "surrogatepass"))
        most = self.max_user_bytes if kind == USER and self.max_user_bytes else self.max_bytes
        if not 0 < size <= most:
            return f"the name of a {kind} has 1 to {most} bytes in UTF-8, '{name[:80]}' has {size}"
        wrong = [character for character in name if self._forbids(character)]
        if wrong:
            return f"the {kind} name {name!r} has a character that no name can have: {wrong[0]!r}"
        if self.basic_plane and (name != name.strip(" ") or max(name) > "\uffff"):
            return f"the name of a {kind} has no space at its ends and no character beyond U+FFFF, '{name[:80]}' has"
        reserved = self.reserved_databases if kind == DATABASE else self.reserved_users
        if name.lower() in reserved or name.lower().startswith(self.reserved_prefixes):
            return f"the {kind} name '{name}' is reserved: choose another one"
        return None

    def _forbids(self, character: str) -> bool:
        return character < " " or "\ud800" <= character <= "\udfff" or character in self.forbidden_characters

    def host_problem(self, host: str | None) -> str | None:
        """Why a user cannot have that host, in words for its owner; None when it can."""
        if host in {None, "", ANYWHERE} or (self.user_hosts and _HOST.fullmatch(host or "")):
            return None
        if self.user_hosts:
            return f"the host of a user is an address or a pattern of addresses like 10.0.%, not '{str(host)[:80]}'"
        return f"its users have no host: leave out '{host}', and limit the access to the instance instead"


def rules(document: Document) -> NameRules:
    """The rules from the `names` of a datastore.yaml."""
    values: Settings = {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
    return NameRules(**values)

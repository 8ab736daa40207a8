"""Users. etcd has no databases: each user may read and write all keys, and may not see or change users.

etcd 3.4 keeps a new password in its write-ahead log, which only the engine's user can read, until that part of the log
is removed; its data and our backups have a hash only. 3.5 keeps hashes only.
"""

from __future__ import annotations

from datastores.etcd.engine.node import TITLE, Node
from datastores.host.names import USER
from datastores.host.roles import tenants
from datastores.host.tenants import name_after
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, User, UserChange, UserName

_ROLE = "tenant"
_EVERY_KEY = {"permType": "READWRITE", "key": "AA==", "range_end": "AA=="}  # from byte 0 on, in base64


class Users(tenants.Users):
    """Users, who all have the role `tenant`."""

    node: Node

    def create(self, users: list[User]) -> None:
        if _ROLE not in self.node.request("auth/role/list").get("roles", []):
            self.node.request("auth/role/add", name=_ROLE)
        self.node.request("auth/role/grant", name=_ROLE, perm=_EVERY_KEY)
        there = self._names()
        for user in users:
            verb = "changepw" if user.name in there else "add"
            self.node.request(f"auth/user/{verb}", name=user.name, password=user.password)
            self.node.request("auth/user/grant", user=user.name, role=_ROLE)

    def update(self, change: UserChange) -> None:
        name = name_after(change, self._names(), TITLE)
        if change.password is not None:
            self.create([User(name, change.password)])
        if name != change.name:
            self.delete(change.user)

    def delete(self, user: UserName) -> None:
        """Delete a user: its tokens open nothing any more; a watch that is open goes on."""
        if user.name in self._names():
            self.node.request("auth/user/delete", name=user.name)

    def accounts(self) -> AccountList:
        rules = self.node.version.names
        names = [name for name in self._names() if rules.problem(USER, name) is None]
        return AccountList(databases=(), users=tuple(Account(name, ANYWHERE, ()) for name in sorted(names)))

    def _names(self) -> list[str]:
        names: list[str] = self.node.request("auth/user/list").get("users", [])
        return names

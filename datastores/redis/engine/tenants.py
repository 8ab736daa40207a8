"""The tenant's users. There are no databases that a user could be granted."""

from __future__ import annotations

from datastores.host.errors import BadRequest
from datastores.host.names import USER
from datastores.host.roles import tenants
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, User, UserChange, UserName
from datastores.redis.engine.node import Node
from datastores.redis.engine.users import TENANT_RULES, hashed, hashes


class Users(tenants.Users):
    """Users, who all have the same rules."""

    node: Node

    def create(self, users: list[User]) -> None:
        with self.node.admin() as client:
            for user in users:
                client.command("ACL", "SETUSER", user.name, "reset", "on", hashed(user.password), *TENANT_RULES)
            client.command("ACL", "SAVE")

    def update(self, change: UserChange) -> None:
        old, new = change.name, change.new_name or change.name
        password = [] if change.password is None else ["resetpass", hashed(change.password)]
        with self.node.admin() as client:
            if old != new and hashes(client, old) is not None:
                if hashes(client, new) is not None:
                    raise BadRequest(f"there is already a user '{new}'")
                kept = [f"#{item}" for item in hashes(client, old) or ()]
                client.command("ACL", "SETUSER", new, "reset", "on", *(password or kept), *TENANT_RULES)
                client.command("ACL", "DELUSER", old)
            elif hashes(client, new) is None:
                raise BadRequest(f"there is no user '{old}'")
            else:
                client.command("ACL", "SETUSER", new, *password)
            client.command("ACL", "SAVE")

    def delete(self, user: UserName) -> None:
        with self.node.admin() as client:
            client.command("ACL", "DELUSER", user.name)
            client.command("ACL", "SAVE")

    def accounts(self) -> AccountList:
        rules = self.node.version.names
        with self.node.admin() as client:
            users = sorted(name for name in client.command("ACL", "USERS") if rules.problem(USER, name) is None)
        return AccountList(databases=(), users=tuple(Account(name, ANYWHERE, ()) for name in users))

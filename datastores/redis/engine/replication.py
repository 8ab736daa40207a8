"""Replication of the family: a replica asks for the log from its position, and gets a snapshot where that is not kept.

So a member that parted from its primary follows it again by itself, giving up what only it had. Writes wait for no
replica.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from datastores.host import membership
from datastores.host.errors import BadRequest, EngineError
from datastores.host.roles import replication
from datastores.protocol.replication import Credential, Member, MemberPosition, MemberState
from datastores.redis.engine import config, group, standing, tls
from datastores.redis.engine.client import Client
from datastores.redis.engine.node import Node
from datastores.redis.engine.server import Server
from datastores.redis.engine.users import hashed, tenant_lines

if TYPE_CHECKING:
    from datastores.host.membership import Membership
    from datastores.host.progress import Progress

_RULES = ("+psync", "+sync", "+replconf", "+ping", "+acl|list")
_PAUSE_MS = 30_000
_CATCH_UP_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_CONNECT_SECONDS = 30.0


class Replication(replication.Replication):
    """A primary, or a replica."""

    node: Node

    def admit(self, place: Membership, credential: Credential, others: Sequence[Member]) -> None:
        node = self.node
        group.keep_credential(node, credential)
        me = place.me.id if place.me else None
        self._keep(me=me, members=tuple(others))
        wanted = {group.account(member.id) for member in others}
        with node.admin() as client:
            for name in [*client.command("ACL", "USERS")]:
                if name.startswith(group.PREFIX) and name not in wanted:
                    client.command("ACL", "DELUSER", name)
            for name in sorted(wanted):
                client.command("ACL", "SETUSER", name, "reset", "on", hashed(credential.secret), *_RULES)
            client.command("ACL", "SAVE")

    def seed(self, me: Member, source: Member, credential: Credential, progress: Progress) -> None:
        """Make empty data with the source's users, which do not come with the log; the rest comes by following."""
        node = self.node
        node.facts.make_empty(node.staging)
        users = self._users_of(me, source, credential)
        node.write(node.staging / node.users.name, "".join(f"{line}\n" for line in users))
        node.commit_staging()

    def await_copy(self, progress: Progress) -> None:
        """Wait for the snapshot. Raises EngineError when the server ends."""
        while not standing.is_connected(self.node):
            if not Server(self.node).running():
                raise EngineError(f"{self.node.product.title} ended while it copied its primary: its log says why")
            with self.node.admin() as client:
                found = client.info("replication")
            progress.bytes(int(found.get("master_sync_read_bytes", 0)), int(found.get("master_sync_total_bytes", 0)))
            time.sleep(_LOOK_SECONDS)

    def follow(self, me: Member, primary: Member, credential: Credential) -> None:
        node = self.node
        if Server(node).running() and group.read(node).writes and self._is_primary():
            raise BadRequest("this member takes writes: stop them first, or have it rejoin")
        group.keep_credential(node, credential)
        self._keep(writes=False, me=me.id, primary=primary)
        self._apply()

    def stop_following(self) -> None:
        node = self.node
        if Server(node).running():
            self.position()  # keeps whose log it is, which cannot be told without the connection
        self._keep(writes=False, primary=None)
        if Server(node).running():
            self._apply()

    def stop_writes(self) -> None:
        """Hold back writes until the replicas have what there is, then take none."""
        node = self.node
        self._keep(writes=False, primary=None)
        if not Server(node).running():
            return
        if self._is_primary():
            self.position()
            with node.admin() as client:
                client.command("CLIENT", "PAUSE", str(_PAUSE_MS), "WRITE")
            self._await_followers()
        self._apply()
        with node.admin() as client:
            client.command("CLIENT", "UNPAUSE")
            client.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def accept_writes(self, epoch: int) -> None:
        self._keep(writes=True, primary=None)
        self._apply()
        self.position()  # whose log it goes on with

    def promote(self, epoch: int) -> None:
        self._keep(writes=True, primary=None)
        self._apply()
        standing.begin_history(self.node, epoch)

    def position(self) -> MemberPosition:
        return standing.position(self.node, membership.read(self.node.facts).role_epoch)

    def observe(self, place: Membership) -> MemberState:
        return standing.observe(self.node, place)

    def synchronous(self, quorum: int, others: Sequence[Member]) -> None:
        if quorum:
            raise BadRequest(f"{self.node.product.title}'s writes wait for no replica")

    def rejoin(self, place: Membership, me: Member, primary: Member, credential: Credential) -> int | None:
        """Follow: the primary knows whether it can go on from here, and sends a snapshot if not. Users do not come with
        it."""
        self._keep(writes=False, primary=None)
        self.follow(me, primary, credential)
        self._copy_users(self._users_of(me, primary, credential))
        return None

    def detach(self) -> None:
        node = self.node
        group.forget(node)
        config.write_group(node)
        self._apply()
        with node.admin() as client:
            for name in [name for name in client.command("ACL", "USERS") if name.startswith(group.PREFIX)]:
                client.command("ACL", "DELUSER", name)
            client.command("ACL", "SAVE")
        role = tls.Tls(node)
        if role.served():
            role.reload()

    def _users_of(self, me: Member, source: Member, credential: Credential) -> list[str]:
        """The tenant's users of another member, as lines of an aclfile."""
        with _Remote(self.node, source, group.account(me.id), credential) as client:
            return tenant_lines(client.command("ACL", "LIST"))

    def _copy_users(self, lines: list[str]) -> None:
        """Have the running server's users of the tenant be these."""
        wanted = {name: rules for _user, name, *rules in (line.split(" ") for line in lines)}
        with self.node.admin() as client:
            here = {line.split(" ")[1] for line in tenant_lines(client.command("ACL", "LIST"))}
            for name in here - wanted.keys():
                client.command("ACL", "DELUSER", name)
            for name, rules in wanted.items():
                client.command("ACL", "SETUSER", name, "reset", *rules)
            client.command("ACL", "SAVE")

    def _keep(self, **changes: object) -> None:
        node = self.node
        group.keep(node, replace(group.read(node), **changes))  # type: ignore[arg-type]
        config.write_group(node)

    def _apply(self) -> None:
        """Have the server be what is kept; start it where it does not run."""
        node = self.node
        if not Server(node).running():
            Server(node).start()
        followed = group.read(node).followed
        with node.admin() as client:
            words = [word for name, value in config.of_group(node).items() for word in (name, config.value(value))]
            if words:
                client.command("CONFIG", "SET", *words)
            if followed or client.info("replication")["role"] != "master":
                client.command("REPLICAOF", *(followed or ("NO", "ONE")))

    def _is_primary(self) -> bool:
        with self.node.admin() as client:
            return client.info("replication")["role"] == "master"

    def _await_followers(self) -> None:
        limit = time.monotonic() + _CATCH_UP_SECONDS
        place = membership.read(self.node.facts)
        while time.monotonic() < limit:
            followers = standing.observe(self.node, place).followers
            if not any(follower.connected and follower.lag_bytes for follower in followers):
                return
            time.sleep(_LOOK_SECONDS)


class _Remote(Client):
    """A connection of a member's account to another member."""

    def __init__(self, node: Node, source: Member, user: str, credential: Credential) -> None:
        try:
            plain = socket.create_connection((source.address, source.port), _CONNECT_SECONDS)
            if tls.available(node):
                context = ssl.create_default_context(cafile=str(node.facts.authority))
                context.load_cert_chain(node.facts.certificate, node.facts.private_key)
                plain = context.wrap_socket(plain, server_hostname=source.address)
        except OSError as error:
            raise EngineError(f"the member at {source.address} does not answer: {error}") from error
        super().__init__(plain)
        self.command("AUTH", user, credential.secret)

"""Streaming replication: one physical slot for each member, timelines as the history of primaries.

A member that takes no writes is a standby, whether it follows somebody or not: `default_transaction_read_only` is no
more than a default, which every session may change.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from datastores.host.errors import BadRequest, EngineError
from datastores.host.roles import replication
from datastores.postgresql.engine import group, members, rewind, seed, standing
from datastores.postgresql.engine.node import Node
from datastores.postgresql.engine.server import Server
from datastores.postgresql.engine.tuning import reload
from datastores.protocol.replication import Credential, Member, MemberPosition, MemberState

if TYPE_CHECKING:
    from datastores.host.membership import Membership
    from datastores.host.progress import Progress

_REPLAY_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_PROMOTE_SECONDS = 60
_RECEIVES = "SELECT count(*) FROM pg_stat_wal_receiver;"
_PROMOTE = f"SELECT pg_promote(true, {_PROMOTE_SECONDS});"
_PAUSED = "SELECT pg_get_wal_replay_pause_state();"


class Replication(replication.Replication):
    """A primary, or a standby."""

    node: Node

    def admit(self, place: Membership, credential: Credential, others: Sequence[Member]) -> None:
        node = self.node
        group.keep_credential(node, credential)
        known = group.read(node)
        if known == group.Group():
            members.forget_history(node)
        me = place.me.id if place.me else known.me
        group.keep(node, replace(known, me=me, admitted=tuple(member.address for member in others)))
        members.admit(node, others)
        if not self._is_standby():
            members.make_account(node, credential)
            members.record(node, place.role_epoch)

    def seed(self, me: Member, source: Member, credential: Credential, progress: Progress) -> None:
        group.keep_credential(self.node, credential)
        seed.copy(self.node, me, source, progress)
        rewind.forget(self.node)

    def follow(self, me: Member, primary: Member, credential: Credential) -> None:
        node = self.node
        if node.runs() and not self._is_standby():
            raise BadRequest("this member takes writes: stop them first, or have it rejoin")
        group.keep_credential(node, credential)
        group.keep(node, replace(group.read(node), me=me.id, primary=primary))
        group.stand_by(node, node.data, whether=True)
        if node.runs():
            reload(node)
        else:
            Server(node).start()
        members.drop_idle(node)

    def stop_following(self) -> None:
        node = self.node
        group.keep(node, replace(group.read(node), primary=None))
        if not node.runs() or not self._is_standby():
            return
        reload(node)
        _await(lambda: node.psql(_RECEIVES) == "0", _REPLAY_SECONDS)
        _await(self._has_replayed, _REPLAY_SECONDS)

    def stop_writes(self) -> None:
        """Make it a standby of nobody. A clean shutdown sends connected replicas all there is, its last record too."""
        node = self.node
        group.keep(node, replace(group.read(node), primary=None))
        if not node.runs():
            group.stand_by(node, node.data, whether=True)
        elif not self._is_standby():
            node.psql("CHECKPOINT;")  # so that the one of the shutdown is short
            group.stand_by(node, node.data, whether=True)
            Server(node).stop()
            Server(node).start()

    def accept_writes(self, epoch: int) -> None:
        """Start without the signal: on the same timeline, for nothing else was written to it."""
        node = self.node
        if not node.runs() or self._is_standby():
            Server(node).stop()
            group.stand_by(node, node.data, whether=False)
            Server(node).start()
        members.record(node, epoch)

    def promote(self, epoch: int) -> None:
        node = self.node
        self.stop_following()
        if not node.runs():
            Server(node).start()
        if self._is_standby():
            if node.psql(_PAUSED) == "paused":  # a setting that is lower than the primary's had been; a start raises it
                Server(node).stop()
                Server(node).start()
            self._end_recovery()
        self._promoting(whether=False)
        members.record(node, epoch)

    def position(self) -> MemberPosition:
        return standing.position(self.node)

    def observe(self, place: Membership) -> MemberState:
        return standing.observe(self.node, place)

    def synchronous(self, quorum: int, others: Sequence[Member]) -> None:
        names = tuple(member.id for member in others)
        group.keep(self.node, replace(group.read(self.node), quorum=quorum, synchronous=names))
        reload(self.node)

    def rejoin(self, place: Membership, me: Member, primary: Member, credential: Credential) -> int | None:
        node = self.node
        group.keep_credential(node, credential)
        discarded = rewind.rewind(node, place, primary)
        group.keep(node, replace(group.read(node), me=me.id, primary=primary))
        group.stand_by(node, node.data, whether=True)
        Server(node).start()
        members.drop_idle(node)
        return discarded

    def detach(self) -> None:
        node = self.node
        self.stop_following()
        if self._is_standby():
            self._end_recovery()
        group.forget(node)
        members.dismiss(node)
        reload(node)

    def _end_recovery(self) -> None:
        self._promoting(whether=True)
        if self.node.psql(_PROMOTE) != "t":
            raise EngineError(f"PostgreSQL was not promoted within {_PROMOTE_SECONDS} seconds")

    def _promoting(self, *, whether: bool) -> None:
        place = group.read(self.node)
        if self.node.summarizes_log and place.promoting != whether:
            group.keep(self.node, replace(place, promoting=whether))
            reload(self.node)

    def _is_standby(self) -> bool:
        return self.node.psql("SELECT pg_is_in_recovery();") == "t"

    def _has_replayed(self) -> bool:
        found = self.position()
        return found.replayed >= found.received


def _await(done: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not done() and time.monotonic() < limit:
        time.sleep(_LOOK_SECONDS)

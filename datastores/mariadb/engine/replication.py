"""Replication by global transaction ids, which a replica keeps with the data, so that it goes on from there anywhere.

Nothing takes a transaction back that is in a binary log. A former primary that has one of its own is known by its
successor, which does not know that transaction (gtid_strict_mode), and is made anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from datastores.host.errors import BadRequest, EngineError, Unsupported
from datastores.host.roles import replication
from datastores.host.roles.replication import CannotRejoin
from datastores.mariadb.engine import group, members, standing
from datastores.mysql.engine import config
from datastores.mysql.engine.node import Node
from datastores.mysql.engine.server import Server
from datastores.mysql.engine.sql import Statement
from datastores.protocol.replication import Credential, Member, MemberPosition, MemberState

if TYPE_CHECKING:
    from datastores.host.membership import Membership
    from datastores.host.progress import Progress

_REPLAY_SECONDS = 5.0
_PROMOTE_SECONDS = 60.0
_JOIN_SECONDS = 20.0
_LOOK_SECONDS = 0.05
_RETRY_SECONDS = 1
_PARTED = 1236  # ER_MASTER_FATAL_ERROR_READING_BINLOG: the position is not in the primary's log
_CLIENTS = """
SELECT ID FROM information_schema.PROCESSLIST
 WHERE HOST <> 'localhost' AND COMMAND NOT LIKE 'Binlog%' AND USER NOT IN ('system user', 'event_scheduler');
"""
_CHANGE = (
    "CHANGE MASTER TO MASTER_HOST={host}, MASTER_PORT=%d, MASTER_USER={user}, MASTER_PASSWORD={secret},"
    f" MASTER_CONNECT_RETRY={_RETRY_SECONDS}, MASTER_HEARTBEAT_PERIOD=1, MASTER_USE_GTID=slave_pos"
)
_TLS = ", MASTER_SSL=1, MASTER_SSL_CA={ca}, MASTER_SSL_VERIFY_SERVER_CERT=1"


class Replication(replication.Replication):
    """A primary, or a server that replays another's binary log."""

    node: Node

    def admit(self, place: Membership, credential: Credential, others: Sequence[Member]) -> None:
        node = self.node
        self._keep(members=tuple(others))
        if group.read(node).writes:
            node.sql(f"SET GLOBAL binlog_expire_logs_seconds = {group.LOG_KEPT_SECONDS};\n")
            members.record(node, place.role_epoch)
            members.admit(node, credential, others)

    def seed(self, me: Member, source: Member, credential: Credential, progress: Progress) -> None:
        raise Unsupported(
            "MariaDB's programs copy no running server over the network: a backup to begin with is needed"
        )

    def begin_from_backup(self) -> None:
        if not group.position_of_backup(self.node).exists():
            raise EngineError("the backup does not say where in the log it ended")

    def follow(self, me: Member, primary: Member, credential: Credential) -> None:
        node = self.node
        if Server(node).running() and node.sql("SELECT @@read_only;\n") == "0":
            raise BadRequest("this member takes writes: stop them first, or have it rejoin")
        self._keep(writes=False, receives=True)
        self._start()
        node.sql("STOP SLAVE;\nSET GLOBAL read_only = 1;\nSET GLOBAL rpl_semi_sync_master_enabled = 0;\n")
        self._take_position()
        words = {"host": primary.address, "user": members.account(me.id), "secret": credential.secret}
        change = _CHANGE % primary.port
        if node.facts.has_certificate:
            change, words = change + _TLS, {**words, "ca": str(node.facts.authority)}
        node.sql(Statement(change, words).script() + "START SLAVE;\n")

    def stop_following(self) -> None:
        self._keep(receives=False)
        if Server(self.node).running() and standing.threads(self.node) is not None:
            self.node.sql("STOP SLAVE IO_THREAD;\n")
            _await(self._has_replayed, _REPLAY_SECONDS)

    def stop_writes(self) -> None:
        """Let no session write. Those that wait for a replica end without an answer before anything else changes: to
        switch the waiting off would tell them that all is well."""
        node = self.node
        self._keep(writes=False)
        if Server(node).running():
            self._end_clients()
            node.sql("SET GLOBAL read_only = 1;\nSET GLOBAL event_scheduler = OFF;\n")
            self._end_clients()

    def accept_writes(self, epoch: int) -> None:
        """Write down the promotion while no client can write: no replica follows yet that it could wait for."""
        node = self.node
        self._start()
        if node.sql("SELECT @@read_only;\n") == "1":
            node.sql("SET GLOBAL rpl_semi_sync_master_enabled = 0;\n")
            members.record(node, epoch)
        self._keep(writes=True)
        self._open()

    def promote(self, epoch: int) -> None:
        node = self.node
        self._keep(receives=False)
        self._start()
        if standing.threads(node) is not None:
            node.sql("STOP SLAVE IO_THREAD;\nSTART SLAVE SQL_THREAD;\n")
            if not _await(self._has_replayed, _PROMOTE_SECONDS):
                raise EngineError(f"what was received is not replayed within {_PROMOTE_SECONDS:g} seconds")
            node.sql("STOP SLAVE;\nRESET SLAVE ALL;\n")
        self.accept_writes(epoch)

    def position(self) -> MemberPosition:
        return standing.position(self.node)

    def observe(self, place: Membership) -> MemberState:
        return standing.observe(self.node, place)

    def synchronous(self, quorum: int, others: Sequence[Member]) -> None:
        if quorum > 1:
            raise BadRequest("MariaDB's writes wait for one replica or for none")
        self._keep(quorum=quorum)
        if group.read(self.node).writes:
            self.node.sql(f"SET GLOBAL rpl_semi_sync_master_enabled = {quorum};\n")

    def rejoin(self, place: Membership, me: Member, primary: Member, credential: Credential) -> int | None:
        """Follow, and see whether the primary knows the last transaction here."""
        self._keep(writes=False, receives=False)
        self._start()
        self.follow(me, primary, credential)
        limit = time.monotonic() + _JOIN_SECONDS
        while time.monotonic() < limit:
            found = standing.threads(self.node) or standing.Threads()
            if found.receive_errno == _PARTED or found.replay_error:
                raise CannotRejoin(found.receive_error or found.replay_error)
            if found.receives and found.replays:
                return 0  # what only it had would have kept it from following
            time.sleep(_LOOK_SECONDS)
        raise EngineError(f"the primary does not answer within {_JOIN_SECONDS:g} seconds: {found.receive_error}")

    def detach(self) -> None:
        node = self.node
        self.stop_following()
        if standing.threads(node) is not None:
            node.sql("STOP SLAVE;\nRESET SLAVE ALL;\n")
        group.forget(node)
        config.write(node, node.kept("current") or {})
        node.sql("SET GLOBAL rpl_semi_sync_master_enabled = 0;\n")
        self._open()
        members.dismiss(node)

    def _keep(self, **changes: object) -> None:
        """Keep a changed place, also for the next start."""
        node = self.node
        group.keep(node, replace(group.read(node), **changes))  # type: ignore[arg-type]
        config.write(node, node.kept("current") or {})

    def _start(self) -> None:
        if not Server(self.node).running():
            Server(self.node).start()

    def _open(self) -> None:
        """Have the running server take writes as its options say."""
        node, settings = self.node, self.node.kept("current") or {}
        events = "ON" if settings.get("event_scheduler") in {True, "ON"} else "OFF"
        waits = int(group.read(node).quorum > 0)
        node.sql(
            f"SET GLOBAL rpl_semi_sync_master_enabled = {waits};\nSET GLOBAL read_only = 0;\n"
            f"SET GLOBAL event_scheduler = {events};\n"
        )

    def _take_position(self) -> None:
        """Go on where the data are: that of the backup, or the last transaction here."""
        node, kept = self.node, group.position_of_backup(self.node)
        if kept.exists():
            position = kept.read_text(encoding="utf-8").strip()
            node.sql("RESET MASTER;\n" + Statement("SET GLOBAL gtid_slave_pos = {p}", {"p": position}).script())
            kept.unlink()
        else:
            node.sql("SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_current_pos;\n")

    def _end_clients(self) -> None:
        limit = time.monotonic() + _REPLAY_SECONDS
        while (sessions := self.node.sql(_CLIENTS).split()) and time.monotonic() < limit:
            self.node.try_each([f"KILL {int(session)};\n" for session in sessions])
            time.sleep(_LOOK_SECONDS)

    def _has_replayed(self) -> bool:
        found = self.position()
        return found.replayed >= found.received


def _await(done: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not (ended := done()) and time.monotonic() < limit:
        time.sleep(_LOOK_SECONDS)
    return ended

"""Where a server is in its log, and how it and the members of its group stand to each other."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from datastores.host import files, replication
from datastores.host.membership import Membership
from datastores.postgresql.engine import group
from datastores.postgresql.engine.node import Node
from datastores.protocol import codec
from datastores.protocol.replication import Follower, MemberPosition, MemberState

_SEGMENT_BYTES = 16 * 1024 * 1024
_SEGMENTS_IN_LOG = 0x100000000 // _SEGMENT_BYTES
_TAIL_BYTES = 16000
_REASON = re.compile(r"(?:FATAL|ERROR): +(.*)")
_TOLD = re.compile("primary|WAL|replication|timeline|connect|streaming")
_STATE = """
SELECT json_build_object(
  'standby', pg_is_in_recovery(),
  'file', CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_lsn()) END,
  'received', pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_flush_lsn() END, '0/0'),
  'replayed', pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
    THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END, '0/0'),
  'shown', CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END,
  'paused', CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END,
  'receiver', (SELECT json_build_object('status', status, 'contact',
      extract(epoch FROM clock_timestamp() - last_msg_receipt_time)) FROM pg_stat_wal_receiver),
  'waiting', (SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'),
  'slots', (SELECT coalesce(json_agg(json_build_object(
      'name', slot_name, 'restart', pg_wal_lsn_diff(restart_lsn, '0/0'),
      'state', state, 'sync', sync_state,
      'received', pg_wal_lsn_diff(flush_lsn, '0/0'), 'replayed', pg_wal_lsn_diff(replay_lsn, '0/0')
    ) ORDER BY slot_name), '[]')
    FROM pg_replication_slots LEFT JOIN pg_stat_replication ON pid = active_pid
   WHERE starts_with(slot_name, 'trove_m_')));
"""


@dataclass(frozen=True)
class _Receiver:
    """The session that receives the log: its status, seconds since it last heard of the primary."""

    status: Optional[str]
    contact: Optional[float]


@dataclass(frozen=True)
class _Slot:
    """A member's slot, with positions where the member is connected."""

    name: str
    restart: Optional[int]
    state: Optional[str]
    sync: Optional[str]
    received: Optional[int]
    replayed: Optional[int]


@dataclass(frozen=True)
class _Found:
    """What the server says. `file` is the log file that a primary writes, `shown` the age of what a standby shows."""

    standby: bool
    file: Optional[str]
    received: Optional[int]
    replayed: Optional[int]
    shown: Optional[float]
    paused: Optional[str]
    receiver: Optional[_Receiver]
    waiting: int
    slots: tuple[_Slot, ...]


def position(node: Node) -> MemberPosition:
    """How far the server's log is."""
    return _position(node, _asked(node))


def observe(node: Node, place: Membership) -> MemberState:
    """The server in its group."""
    kept, found = group.read(node), _asked(node)
    here, receiver = _position(node, found), found.receiver
    connected = receiver is not None and receiver.status == "streaming"
    state = replace(
        replication.state(place, running=True),
        writable=not found.standby,
        confirmed=not (place.may_write and place.guarded and found.standby),
        position=here,
        connected=connected,
        contact_seconds=receiver.contact if receiver else None,
        quorum=kept.quorum,
        waiting=found.waiting,
        followers=tuple(_follower(slot, here.received) for slot in found.slots),
        problem=_paused(found) or (_problem(node) if place.primary and not connected else None),
    )
    if not found.standby:
        return state
    behind = here.received - here.replayed
    return replace(state, lag_bytes=behind, lag_seconds=0.0 if connected and not behind else found.shown)


def timeline_of(file_name: str) -> int:
    """The timeline of a file of the log."""
    return int(file_name[:8], 16)


def _asked(node: Node) -> _Found:
    return codec.load(_Found, node.psql(_STATE).encode())


def _position(node: Node, found: _Found) -> MemberPosition:
    received, replayed = found.received or 0, found.replayed or 0
    history = timeline_of(found.file) if found.file else _timeline(node.data / "pg_wal", received)
    return MemberPosition(history, received, replayed)


def _timeline(log: Path, received: int) -> int:
    """The timeline of the last byte received: the newest one that has the file which holds it."""
    number = max(0, received - 1) // _SEGMENT_BYTES
    name = f"{number // _SEGMENTS_IN_LOG:08X}{number % _SEGMENTS_IN_LOG:08X}"
    return max((timeline_of(path.name) for path in log.glob(f"????????{name}")), default=0)


def _follower(slot: _Slot, written: int) -> Follower:
    return Follower(
        id=group.member_of(slot.name),
        connected=slot.state == "streaming",
        synchronous=slot.sync in {"sync", "quorum"},
        received=slot.received,
        replayed=slot.replayed,
        lag_bytes=None if slot.received is None else max(0, written - slot.received),
        retained_bytes=None if slot.restart is None else max(0, written - slot.restart),
    )


def _problem(node: Node) -> str | None:
    """Why it does not follow, by the last reason in its log."""
    logs = sorted(node.facts.log.glob("postgresql-*.log"), key=lambda log: log.stat().st_mtime)
    lines = files.tail(logs[-1], _TAIL_BYTES).splitlines() if logs else []
    reasons = [match[1] for line in lines if (match := _REASON.search(line)) and _TOLD.search(line)]
    return reasons[-1] if reasons else None


def _paused(found: _Found) -> str | None:
    if found.paused != "paused":
        return None
    return "a setting is lower than the primary's, which stops the replay: restart the replica"

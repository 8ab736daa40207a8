"""Where a server is in its group's log. An id names a log; the epoch of the primary that made it ranks it.

A server that starts again begins a log of its own at 0: it ranks behind those that went on.
"""

from __future__ import annotations

import re
from dataclasses import replace

from datastores.host import replication
from datastores.host.membership import Membership
from datastores.protocol.replication import Follower, MemberPosition, MemberState
from datastores.redis.engine import group
from datastores.redis.engine.node import Node

_FOLLOWER = re.compile(r"slave\d+")


def position(node: Node, epoch: int) -> MemberPosition:
    """How far the server's log is; `epoch` is that of the primary it follows."""
    with node.admin() as client:
        return _position(node, client.info("replication"), epoch)


def begin_history(node: Node, epoch: int) -> None:
    """Keep that the log which the server makes now, if it is new, is that of an epoch's primary."""
    with node.admin() as client:
        group.note_history(node, client.info("replication")["master_replid"], epoch)


def is_connected(node: Node) -> bool:
    """Whether it follows a primary and has all that this had when it was asked first."""
    with node.admin() as client:
        return client.info("replication").get("master_link_status") == "up"


def observe(node: Node, place: Membership) -> MemberState:
    """The server in its group."""
    with node.admin() as client:
        found = client.info("replication")
    kept, here = group.read(node), _position(node, found, place.role_epoch)
    writable = found["role"] == "master"
    state = replace(
        replication.state(place, running=True),
        writable=writable,
        confirmed=writable or not (place.may_write and place.guarded and kept.writes),
        position=here,
        followers=() if not writable else _followers(kept, found, here.received),
    )
    if not place.primary:
        return state
    connected, behind = found.get("master_link_status") == "up", here.received - here.replayed
    contact = float(found.get("master_last_io_seconds_ago", -1))
    return replace(
        state,
        connected=connected,
        contact_seconds=contact if contact >= 0 else None,
        lag_bytes=behind,
        lag_seconds=0.0 if connected and not behind else None,
        problem=None if connected else "it is not connected to its primary: its log says why",
    )


def _position(node: Node, found: dict[str, str], epoch: int) -> MemberPosition:
    log, written, known = found["master_replid"], int(found["master_repl_offset"]), group.histories(node)
    is_primary = found["role"] == "master"
    if log not in known and is_primary:  # the log of one that was started again, or whose writes were stopped
        group.note_history(node, log, max(known.values(), default=epoch))
    elif log not in known and found.get("master_link_status") == "up":
        group.note_history(node, log, epoch)
    history = group.histories(node).get(log, 0)
    if is_primary:
        return MemberPosition(history, written, written)
    replayed = max(0, int(found.get("slave_repl_offset", written)))
    return MemberPosition(history, max(replayed, int(found.get("slave_read_repl_offset", 0))), replayed)


def _followers(kept: group.Group, found: dict[str, str], written: int) -> tuple[Follower, ...]:
    rows = [
        dict(field.split("=", 1) for field in text.split(","))
        for name, text in found.items()
        if _FOLLOWER.fullmatch(name)
    ]
    here = {row["ip"]: row for row in rows}
    return tuple(_follower(member.id, here.get(member.address), written) for member in kept.members)


def _follower(name: str, row: dict[str, str] | None, written: int) -> Follower:
    if row is None:
        return Follower(name, connected=False)
    offset = int(row["offset"])
    lag = max(0, written - offset)
    return Follower(name, row["state"] == "online", received=offset, replayed=offset, lag_bytes=lag)

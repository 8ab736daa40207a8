"""Where a server is in its group's log: transactions of the one domain, which the primaries number through."""

from __future__ import annotations

from dataclasses import dataclass, replace

from datastores.host import replication
from datastores.host.membership import Membership
from datastores.mariadb.engine import group, members
from datastores.mysql.engine.node import Node
from datastores.protocol.replication import Follower, MemberPosition, MemberState

_POSITIONS = "SELECT CONCAT(@@gtid_binlog_pos, ',', @@gtid_current_pos), @@read_only;\n"
_SEMI_SYNC = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master%';\n"


@dataclass(frozen=True)
class Threads:
    """The threads of a replica: whether they work, what they last refused, and the position up to which they have
    received."""

    receives: bool = False
    receiving: str = "No"
    replays: bool = False
    received: str = ""
    lag_seconds: float | None = None
    receive_errno: int = 0
    receive_error: str = ""
    replay_error: str = ""


def threads(node: Node) -> Threads | None:
    """The threads as they are, None in a server that follows nobody."""
    rows = node.rows("SHOW SLAVE STATUS;\n")
    if not rows:
        return None
    row = rows[0]
    lag = row["Seconds_Behind_Master"]
    return Threads(
        row["Slave_IO_Running"] == "Yes",
        row["Slave_IO_Running"],
        row["Slave_SQL_Running"] == "Yes",
        row["Gtid_IO_Pos"],
        float(lag) if lag.isdigit() else None,
        int(row["Last_IO_Errno"]),
        row["Last_IO_Error"],
        row["Last_SQL_Error"],
    )


def position(node: Node) -> MemberPosition:
    """How far the server's log is."""
    applied = _sequence(node.sql(_POSITIONS).partition("\t")[0])
    found = threads(node)
    received = max(applied, _sequence(found.received) if found else 0)
    epochs = [int(row.partition("\t")[0]) for row in members.promotions(node)]
    return MemberPosition(max(epochs, default=0), received, applied)


def observe(node: Node, place: Membership) -> MemberState:
    """The server in its group."""
    found, kept, here = threads(node) or Threads(), group.read(node), position(node)
    semi_sync = {row["Variable_name"]: row["Value"] for row in node.rows(_SEMI_SYNC)}
    writable = node.sql(_POSITIONS).rpartition("\t")[2] == "0"
    state = replace(
        replication.state(place, running=True),
        writable=writable,
        confirmed=not (place.may_write and place.guarded and not writable and kept.writes),
        position=here,
        connected=found.receives,
        quorum=kept.quorum,
        waiting=int(semi_sync.get("Rpl_semi_sync_master_wait_sessions", 0)),
        acknowledgements=int(semi_sync.get("Rpl_semi_sync_master_get_ack", 0)),
        followers=_followers(node, kept),
    )
    if not place.primary:
        return state
    return replace(
        state,
        lag_seconds=found.lag_seconds,
        problem=found.replay_error or (found.receive_error if not found.receives else "") or None,
    )


def _followers(node: Node, kept: group.Group) -> tuple[Follower, ...]:
    here = {row["Host"] for row in node.rows("SHOW SLAVE HOSTS;\n")}
    return tuple(
        Follower(member.id, member.address in here, kept.quorum > 0 and member.address in here)
        for member in kept.members
    )


def _sequence(positions: str) -> int:
    """The highest number of a transaction in a list of them: domain, server, number."""
    found = [one.strip().split("-") for one in positions.split(",") if one.strip()]
    return max((int(number) for _domain, _server, number in found), default=0)

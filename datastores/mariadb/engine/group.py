"""The server's place in a replication group, as MariaDB needs it: kept on the volume, and options of every start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datastores.host import files
from datastores.protocol.replication import Member

if TYPE_CHECKING:
    from datastores.mysql.engine.node import Node
    from datastores.protocol.engine import Settings

_NET_SECONDS = 4
"""How soon a cut connection is noticed; the default is a minute."""
LOG_KEPT_SECONDS = 60 * 60 * 24
"""For replicas that are away, and those that begin with a backup."""
_FOR_EVER_MS = 1000 * 60 * 60 * 24 * 365


@dataclass(frozen=True)
class Group:
    """Whether the server takes writes, whether it receives its primary's when it starts, how many replicas writes wait
    for, and who the other members are."""

    writes: bool = True
    receives: bool = True
    quorum: int = 0
    members: tuple[Member, ...] = ()


def read(node: Node) -> Group:
    """The place that is kept."""
    return files.read_message(_file(node), Group) or Group()


def keep(node: Node, place: Group) -> None:
    """Keep a place."""
    files.write_message(_file(node), place)
    files.sync(node.facts.data)


def forget(node: Node) -> None:
    """Keep no place."""
    _file(node).unlink(missing_ok=True)


def options(node: Node) -> Settings:
    """Options of the next start.

    `read_only` binds everybody without READ_ONLY ADMIN, which tenants' accounts lack. A replica's commits would wait
    for replicas of its own if semi-synchronous replication were on there.
    """
    place = read(node)
    fixed: Settings = {
        "log_slave_updates": True,
        "relay_log": "relay",
        "report_host": node.facts.address,
        "report_port": node.port,
        "slave_net_timeout": _NET_SECONDS,
        "skip_slave_start": not place.receives,
        "rpl_semi_sync_slave_enabled": True,
        "rpl_semi_sync_master_enabled": place.writes and place.quorum > 0,
        "rpl_semi_sync_master_wait_point": "AFTER_SYNC",
        "rpl_semi_sync_master_wait_no_slave": True,
        "rpl_semi_sync_master_timeout": _FOR_EVER_MS,
        "read_only": not place.writes,
    }
    if place.members:
        fixed["binlog_expire_logs_seconds"] = LOG_KEPT_SECONDS
    if not place.writes:
        fixed["event_scheduler"] = "OFF"
    return fixed


def position_of_backup(node: Node) -> Path:
    """The file with the position at which the backup ended that the data were made of; gone once it was used."""
    from datastores.mysql.engine import restore

    return node.data / restore.POSITION


def _file(node: Node) -> Path:
    return node.facts.data / "group.json"

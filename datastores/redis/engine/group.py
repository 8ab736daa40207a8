"""The server's place in a replication group, as this family needs it: kept on the volume, and written as group.conf.

A server that takes no writes follows somebody. One that is to follow nobody follows a port at which nobody listens: it
answers reads, and keeps its place in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from datastores.host import files
from datastores.protocol.replication import Credential, Member

if TYPE_CHECKING:
    from datastores.protocol.engine import Settings
    from datastores.redis.engine.node import Node

PREFIX = "replicator:"
NOBODY = ("127.0.0.1", "1")


@dataclass(frozen=True)
class Group:
    """Whether the server takes writes, else whom it follows; the other members."""

    writes: bool = True
    me: Optional[str] = None
    primary: Optional[Member] = None
    members: tuple[Member, ...] = ()

    @property
    def followed(self) -> tuple[str, str] | None:
        """The address and port that the server follows, None where it takes writes."""
        if self.writes:
            return None
        return NOBODY if self.primary is None else (self.primary.address, str(self.primary.port))


def read(node: Node) -> Group:
    """The place that is kept."""
    return files.read_message(_file(node), Group) or Group()


def keep(node: Node, place: Group) -> None:
    """Keep a place, also for the next start."""
    files.write_message(_file(node), place)
    files.sync(node.facts.data)


def keep_credential(node: Node, credential: Credential) -> None:
    """Keep the password of the group's accounts."""
    files.write_text(_password(node), credential.secret)


def forget(node: Node) -> None:
    """Keep no place."""
    for path in (_file(node), _password(node), _histories(node)):
        path.unlink(missing_ok=True)


def is_joined(node: Node) -> bool:
    """Whether the server is in a group, as a primary or a replica."""
    return _password(node).exists()


def account(member: str) -> str:
    """The name of a member's account."""
    return PREFIX + member


def settings(node: Node) -> Settings:
    """The settings by which a member finds and knows the others."""
    place = read(node)
    if place.me is None or not is_joined(node):
        return {}
    return {
        "masteruser": account(place.me),
        "masterauth": _password(node).read_text(encoding="utf-8"),
        "replica-announce-ip": node.facts.address,
        "replica-announce-port": node.port,
        "bind-source-addr": node.facts.address,
        "repl-ping-replica-period": 1,
    }


def histories(node: Node) -> dict[str, int]:
    """The epochs of the primaries that made the logs of these ids."""
    return files.read_json(_histories(node)) or {}


def note_history(node: Node, log: str, epoch: int) -> None:
    """Keep which epoch's primary made a log, unless that is known."""
    known = histories(node)
    if log not in known:
        files.write_json(_histories(node), {**known, log: epoch})


def _file(node: Node) -> Path:
    return node.facts.data / "group.json"


def _password(node: Node) -> Path:
    return node.facts.data / "replicator.password"


def _histories(node: Node) -> Path:
    return node.facts.data / "histories.json"

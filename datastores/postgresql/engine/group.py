"""The server's place in a replication group, as PostgreSQL needs it: kept on the volume, and written as group.conf.

standby.signal in the data directory keeps the server from taking writes, at every start (manual, 26.2.2). A standby
without `primary_conninfo` follows nobody: so is a primary that takes no writes for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from datastores.host import files
from datastores.host.settings import one_line
from datastores.postgresql.engine.node import Node
from datastores.protocol.engine import Settings
from datastores.protocol.replication import Credential, Member

ACCOUNT = "replicator"
_SLOT = "trove_m_"
_RECEIVER_TIMEOUT = "5s"
_SENDER_TIMEOUT = "10s"
"""How soon a cut connection is noticed; the defaults are a minute."""
_CONNECT_SECONDS = 5
_LOG_SHARE = 4
"""At most so large a part of the volume is log kept for replicas that are away; who needs more is seeded anew."""
_REWIND_SHARE = 16
"""So large a part of the volume is log kept in any case: a former primary is rewound to a checkpoint before the log of
its successor begins."""


@dataclass(frozen=True)
class Group:
    """`primary` is followed through the slot of `me`; writes wait for `quorum` of the members `synchronous`. The other
    members come from the addresses `admitted`. While `promoting`, the log is not summarized: recovery ends only when
    the summarizer has caught up, which sleeps for up to 30 seconds."""

    me: Optional[str] = None
    primary: Optional[Member] = None
    quorum: int = 0
    synchronous: tuple[str, ...] = ()
    admitted: tuple[str, ...] = ()
    promoting: bool = False


def read(node: Node) -> Group:
    """The place that is kept."""
    return files.read_message(_file(node), Group) or Group()


def keep(node: Node, place: Group) -> None:
    """Keep a place, and write group.conf; a running server reads it at its next reload."""
    files.write_message(_file(node), place)
    write_conf(node)


def forget(node: Node) -> None:
    """Keep no place."""
    for path in (_file(node), _passfile(node)):
        path.unlink(missing_ok=True)
    write_conf(node)


def write_conf(node: Node) -> None:
    """Write group.conf; it is there in a server of no group, too, for each process logs that it is missing."""
    place = read(node)
    settings = {} if place == Group() else _settings(node, place)
    node.write(node.group_conf, "".join(f"{name} = {value(setting)}\n" for name, setting in settings.items()))


def _settings(node: Node, place: Group) -> Settings:
    names = ", ".join(f'"{slot(member)}"' for member in place.synchronous)
    settings: Settings = {
        "hot_standby": True,
        "wal_receiver_timeout": _RECEIVER_TIMEOUT,
        "wal_receiver_status_interval": "1s",
        "wal_sender_timeout": _SENDER_TIMEOUT,
        "wal_retrieve_retry_interval": "500ms",
        "recovery_target_timeline": "latest",
        "max_slot_wal_keep_size": f"{node.facts.volume_gb * 1024 // _LOG_SHARE}MB",
        "wal_keep_size": f"{node.facts.volume_gb * 1024 // _REWIND_SHARE}MB",
        "synchronous_standby_names": f"ANY {place.quorum} ({names})" if place.quorum else "",
        "primary_conninfo": "",
        "primary_slot_name": "",
    }
    if place.promoting:
        settings["summarize_wal"] = False
    if place.primary is not None and place.me is not None:
        words = {**connection(node, place.primary), "application_name": slot(place.me)}
        settings["primary_conninfo"] = " ".join(f"{name}='{word}'" for name, word in words.items())
        settings["primary_slot_name"] = slot(place.me)
    return settings


def connection(node: Node, member: Member) -> dict[str, str]:
    """How a member is reached, as a connection string has it; the password is in a file."""
    tls = {"sslmode": "verify-full", "sslrootcert": str(node.facts.authority)} if has_tls(node) else {}
    return {
        "host": member.address,
        "port": str(member.port),
        "user": ACCOUNT,
        "passfile": str(_passfile(node)),
        "connect_timeout": str(_CONNECT_SECONDS),
        **(tls or {"sslmode": "disable"}),
    }


def keep_credential(node: Node, credential: Credential) -> None:
    """Write the file from which the server and its programs have the password."""
    node.write(_passfile(node), f"*:*:*:{ACCOUNT}:{credential.secret}\n")


def has_tls(node: Node) -> bool:
    """Whether this host has a certificate for the server and a build that can use it."""
    if not node.facts.has_certificate:
        return False
    built = node.programs.run([node.bin / "pg_config", "--configure"])
    return "--with-ssl" in built or "--with-openssl" in built


def value(setting: object) -> str:
    """A setting's value as postgresql.conf writes it. Raises BadRequest for a line break."""
    text = one_line(setting, true="on", false="off")
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def slot(member: str) -> str:
    """The name of a member's replication slot, and of its connections."""
    return _SLOT + member.replace("-", "_")


def member_of(slot_name: str) -> str:
    """The member that a slot is for."""
    return slot_name[len(_SLOT) :].replace("_", "-")


def slots(members: Sequence[Member]) -> list[str]:
    """The names of members' slots."""
    return [slot(member.id) for member in members]


def stands_by(node: Node) -> bool:
    """Whether the server will take no writes from its next start on."""
    return (node.data / "standby.signal").exists()


def stand_by(node: Node, data: Path, *, whether: bool) -> None:
    """Have a server take no writes from its next start on the data directory on, or take them."""
    signal = data / "standby.signal"
    if whether:
        node.write(signal, "")
    else:
        signal.unlink(missing_ok=True)
    files.sync(data)


def _file(node: Node) -> Path:
    return node.facts.data / "group.json"


def _passfile(node: Node) -> Path:
    return node.facts.data / "replicator.pgpass"

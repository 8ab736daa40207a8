"""A former primary's data made those of its successor by pg_rewind, where both provably share a history."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.membership import Membership
from datastores.host.roles.replication import CannotRejoin
from datastores.postgresql.engine import group
from datastores.postgresql.engine.node import MAINTENANCE, Node
from datastores.postgresql.engine.server import Server
from datastores.protocol.replication import Member

_CONTROL = {
    "system": re.compile(r"^Database system identifier:\s+(\d+)$", re.MULTILINE),
    "timeline": re.compile(r"^Latest checkpoint's TimeLineID:\s+(\d+)$", re.MULTILINE),
    "state": re.compile(r"^Database cluster state:\s+(.+)$", re.MULTILINE),
    "end": re.compile(r"^Latest checkpoint location:\s+([0-9A-F]+/[0-9A-F]+)$", re.MULTILINE),
}
_KILLED_STANDBY = "in archive recovery"
_DIVERGED = re.compile(r"servers diverged at WAL location ([0-9A-F]+/[0-9A-F]+) on timeline")
_PRIMARY = """
CHECKPOINT;
SELECT system_identifier FROM pg_control_system();
SELECT epoch || ' ' || timeline FROM trove.promotions;
"""
"""pg_rewind knows the primary's timeline by its last checkpoint only."""
_ALL_WORDS = 'said=$("$@" 2>&1); code=$?; echo "$said"; [ $code = 0 ] || echo "$said" >&2; exit $code'
"""What a program says of its success and of its failure: it says both as errors."""


def rewind(node: Node, place: Membership, primary: Member) -> int:
    """Make the stopped server's data those of the primary, up to where they parted; the bytes of log that are given up.

    Raises CannotRejoin; then the data may be of no use any more.
    """
    if _begun(node).exists():
        raise CannotRejoin("an earlier rewind of this member was interrupted")
    _end_replay(node)
    _require_shared(node, place, primary)
    node.write(_begun(node), "")
    node.own_settings()
    try:
        _recover(node)
        discarded = _run(node, primary)
    finally:
        node.own_settings()
        group.stand_by(node, node.data, whether=True)
    _begun(node).unlink()
    return discarded


def forget(node: Node) -> None:
    """The data are others now."""
    _begun(node).unlink(missing_ok=True)


def lsn(text: str) -> int:
    """A position of the log as a number."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _require_shared(node: Node, place: Membership, primary: Member) -> None:
    own = _control(node)
    try:
        system, *promotions = _ask(node, primary).splitlines()
    except EngineError as error:
        raise EngineError(f"the primary at {primary.address} does not answer: {error}") from error
    if system != own["system"]:
        raise CannotRejoin("its data were not made of the same database as the primary's")
    if f"{place.role_epoch} {int(own['timeline'])}" not in promotions:
        raise CannotRejoin("the primary does not have the epoch of this member's data in its history")


def _end_replay(node: Node) -> None:
    """Have a replica that was killed shut down cleanly, following nobody.

    Single-user mode, which knows no standbys, would write to the log that it has of its primary.
    """
    if _control(node)["state"] != _KILLED_STANDBY:
        return
    group.keep(node, replace(group.read(node), primary=None))
    group.stand_by(node, node.data, whether=True)
    server = Server(node)
    try:
        server.start()
    except EngineError as error:
        raise CannotRejoin(f"its data cannot be recovered: {error}") from error
    finally:
        server.stop()


def _recover(node: Node) -> None:
    """Have the log end with a clean shutdown, as pg_rewind wants it; single-user mode knows no standbys."""
    group.stand_by(node, node.data, whether=False)
    if not _control(node)["state"].startswith("shut down"):
        (node.data / "postmaster.pid").unlink(missing_ok=True)
        node.programs.run([node.bin / "postgres", "--single", "-D", node.data, "template1"])


def _run(node: Node, primary: Member) -> int:
    end, words = lsn(_control(node)["end"]), _words(node, primary)
    command: list[str | Path] = [node.bin / "pg_rewind", "-D", node.data, "--source-server", words]
    try:
        said = node.programs.run(["sh", "-c", _ALL_WORDS, "sh", *command])
    except ProgramFailed as error:
        raise CannotRejoin(f"its data cannot be rewound: {error}") from error
    found = _DIVERGED.search(said)
    return max(0, end - lsn(found[1])) if found else 0


def _control(node: Node) -> dict[str, str]:
    said = node.programs.run([node.bin / "pg_controldata", "-D", node.data])
    found = {name: pattern.search(said) for name, pattern in _CONTROL.items()}
    return {name: match[1] if match else "" for name, match in found.items()}


def _ask(node: Node, primary: Member) -> str:
    """What the primary says, asked as a member."""
    return node.programs.run([*node.psql_command(), "-d", _words(node, primary)], _PRIMARY)


def _words(node: Node, primary: Member) -> str:
    words = {**group.connection(node, primary), "dbname": MAINTENANCE}
    return " ".join(f"{name}='{word}'" for name, word in words.items())


def _begun(node: Node) -> Path:
    return node.facts.data / "rewind.begun"

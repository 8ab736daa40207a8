"""Snapshots: etcd's own format, which ends with the SHA-256 of what is before ("Disaster recovery" in the manual)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from datastores.etcd.engine_member import NAME, PEER, Member
from datastores.host import files
from datastores.host.errors import DamagedBackup, EngineError, ProgramFailed
from datastores.host.streams import Sink, Source

_HASH_BYTES = hashlib.sha256().digest_size


def dump(member: Member, sink: Sink) -> None:
    """Write a snapshot, piece by piece as etcd sends it. Raises EngineError when it is not whole."""
    checked, held = hashlib.sha256(), bytearray()
    with member.exchange("maintenance/snapshot", {}) as reply:
        for line in reply:
            held += _piece(line)
            passed, held = held[:-_HASH_BYTES], held[-_HASH_BYTES:]
            checked.update(passed)
            sink(memoryview(passed))
    if held != checked.digest():
        raise EngineError("etcd's snapshot broke off")
    sink(memoryview(held))


def size(member: Member) -> int:
    """The bytes of a snapshot."""
    return int(member.request("maintenance/status")["dbSize"])


def load(member: Member, layers: Iterable[Source]) -> None:
    """Make the data directory of a snapshot: a cluster of its own, with the keys and users of the old one.

    Raises DamagedBackup when the snapshot does not match its hash.
    """
    if member.data.exists():
        return
    files.remove_tree(member.making)
    snapshot = member.making.with_suffix(".snapshot")
    with snapshot.open("wb") as file:
        for layer in layers:
            for block in layer:
                file.write(block)
    member.facts.give(snapshot)
    _unpack(member, snapshot)
    snapshot.unlink()
    member.making.rename(member.data)


def _unpack(member: Member, snapshot: Path) -> None:
    command: list[str | Path] = [
        member.bin / "etcdctl", "snapshot", "restore", snapshot, "--data-dir", member.making,
        "--name", NAME, "--initial-cluster", f"{NAME}={PEER}", "--initial-advertise-peer-urls", PEER,
    ]  # fmt: skip
    try:
        member.programs.run(command, environment={"ETCDCTL_API": "3"})
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup is not a whole snapshot of etcd: {error}") from error


def _piece(line: bytes) -> bytes:
    document = json.loads(line) if line.strip() else {"result": {}}
    if "error" in document:
        raise EngineError(f"etcd gave no snapshot: {document['error'].get('message')}")
    return base64.b64decode(document["result"].get("blob", ""))

"""Snapshots: etcd's own format, which ends with the SHA-256 of what is before ("Disaster recovery" in the manual)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from datastores.etcd.engine.node import NAME, PEER, Node
from datastores.host import files
from datastores.host.errors import DamagedBackup, EngineError, ProgramFailed
from datastores.host.roles import backups
from datastores.host.roles.backups import BackupState
from datastores.host.streams import Sink, Source

_HASH_BYTES = hashlib.sha256().digest_size


class Backups(backups.Backups):
    """Snapshots of all keys and users."""

    node: Node
    format = "etcd-snapshot"

    def backup(self, sink: Sink, state: BackupState) -> None:
        """Write a snapshot, piece by piece as etcd sends it. Raises EngineError when it is not whole."""
        checked, held = hashlib.sha256(), bytearray()
        with self.node.exchange("maintenance/snapshot", {}) as reply:
            for line in reply:
                held += _piece(line)
                passed, held = held[:-_HASH_BYTES], held[-_HASH_BYTES:]
                checked.update(passed)
                sink(memoryview(passed))
        if held != checked.digest():
            raise EngineError("etcd's snapshot broke off")
        sink(memoryview(held))

    def size(self) -> int:
        return int(self.node.request("maintenance/status")["dbSize"])

    def restore(self, layers: Iterable[Source]) -> None:
        """Make the data directory of a snapshot: a cluster of its own, with the keys and users of the old one.

        Raises DamagedBackup when the snapshot does not match its hash.
        """
        node = self.node
        files.remove_tree(node.staging)
        snapshot = node.staging.with_suffix(".snapshot")
        with snapshot.open("wb") as file:
            for layer in layers:
                for block in layer:
                    file.write(block)
        node.facts.chown(snapshot)
        _unpack(node, snapshot)
        snapshot.unlink()
        node.commit_staging()

    def verify(self) -> None:
        """See that the data obeys this host's administrator, and nobody without a password."""
        self.node.request("auth/user/list")
        if not self.node.protected():
            raise EngineError("the restored etcd admits everybody: its users are not enabled")


def _unpack(node: Node, snapshot: Path) -> None:
    command: list[str | Path] = [
        node.bin / "etcdctl", "snapshot", "restore", snapshot, "--data-dir", node.staging,
        "--name", NAME, "--initial-cluster", f"{NAME}={PEER}", "--initial-advertise-peer-urls", PEER,
    ]  # fmt: skip
    try:
        node.programs.run(command, environment={"ETCDCTL_API": "3"})
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup is not a whole snapshot of etcd: {error}") from error


def _piece(line: bytes) -> bytes:
    document = json.loads(line) if line.strip() else {"result": {}}
    if "error" in document:
        raise EngineError(f"etcd gave no snapshot: {document['error'].get('message')}")
    return base64.b64decode(document["result"].get("blob", ""))

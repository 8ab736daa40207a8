"""Backups: the files of every shard as `influxd backup` gives them, and the file of databases and users, in one tar.

They lie in it as in the data directory, so it is restored by unpacking it. `influxd backup` needs a directory: one
shard at a time, so that the volume needs room for the largest shard once more, not for all data.
"""

from __future__ import annotations

import contextlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from datastores.host import files, pipeline
from datastores.host.errors import DamagedBackup, EngineError, ProgramFailed
from datastores.host.roles import backups
from datastores.host.roles.backups import BackupState
from datastores.host.streams import Sink, Source, tar_into
from datastores.influxdb.engine import config
from datastores.influxdb.engine.node import Node

_META = Path("meta/meta.db")
_META_COPY = re.compile(r"meta\.[0-9]+")
"""What `influxd backup` adds to a shard, which it names database.policy.number.part."""


class Backups(backups.Backups):
    """Backups of all shards, databases and users."""

    node: Node

    def backup(self, sink: Sink, state: BackupState) -> None:
        """Write all shards and the file of databases and users. Raises EngineError, ProgramFailed.

        The shards are listed before that file is read: one that is made in between is there, and empty, after a
        restore.
        """
        node = self.node
        shards = _shards(node)
        with tar_into(sink) as whole:
            whole.add(node.data / _META, str(_META))
            for database, policy, number in shards:
                with _shard(node, database, policy, number) as part:
                    for member in part or ():
                        whole.addfile(_placed(member), part.extractfile(member) if part else None)

    def size(self) -> int:
        shards = (self.node.data / "data").glob("*/*/*/*.tsm")
        return sum(path.stat().st_size for path in shards if path.exists())

    def restore(self, layers: Iterable[Source]) -> None:
        """Make the data directory of a backup. Raises DamagedBackup when that is none."""
        node = self.node
        pipeline.untar(node.programs, node.staging, layers)
        if not (node.staging / _META).exists():
            raise DamagedBackup(f"the backup has no {_META}: it is not one of InfluxDB")
        node.commit_staging()

    def verify(self) -> None:
        """See that the data obeys this host's administrator."""
        self.node.query("SHOW USERS")


def _shards(node: Node) -> list[tuple[str, str, int]]:
    return [(database, policy, number) for number, database, policy, *_times in node.query("SHOW SHARDS")]


@contextlib.contextmanager
def _shard(node: Node, database: str, policy: str, number: int) -> Iterator[tarfile.TarFile | None]:
    """A shard's files; None when it was removed meanwhile."""
    scratch = node.staging.with_suffix(".backup")
    node.facts.make_empty(scratch)
    command: list[str | Path] = [
        node.bin / "influxd", "backup", "-host", config.snapshots(node),
        "-database", database, "-retention", policy, "-shard", str(number), scratch,
    ]  # fmt: skip
    try:
        try:
            node.programs.run(command)
        except ProgramFailed:
            if (database, policy, number) in _shards(node):
                raise
            yield None
            return
        [path] = [path for path in scratch.iterdir() if not _META_COPY.fullmatch(path.name)]
        with tarfile.open(path) as part:
            yield part
    finally:
        files.remove_tree(scratch)


def _placed(member: tarfile.TarInfo) -> tarfile.TarInfo:
    parts = Path(member.name).parts
    if Path(member.name).is_absolute() or ".." in parts:
        raise EngineError(f"influxd backup gave a file with the name {member.name!r}")
    member.name = str(Path("data", *parts))
    return member

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
from datastores.host.streams import Sink, Source, tar_into
from datastores.influxdb import engine_config
from datastores.influxdb.engine_server import Server

_META = Path("meta/meta.db")
_META_COPY = re.compile(r"meta\.[0-9]+")
"""What `influxd backup` adds to a shard, which it names database.policy.number.part."""


def dump(server: Server, sink: Sink) -> None:
    """Write all shards and the file of databases and users. Raises EngineError, ProgramFailed.

    The shards are listed before that file is read: one that is made in between is there, and empty, after a restore.
    """
    shards = _shards(server)
    with tar_into(sink) as whole:
        whole.add(server.data / _META, str(_META))
        for database, policy, number in shards:
            with _shard(server, database, policy, number) as part:
                for member in part or ():
                    whole.addfile(_placed(member), part.extractfile(member) if part else None)


def size(server: Server) -> int:
    """About the bytes of a backup."""
    return sum(path.stat().st_size for path in (server.data / "data").glob("*/*/*/*.tsm") if path.exists())


def load(server: Server, layers: Iterable[Source]) -> None:
    """Make the data directory of a backup. Raises DamagedBackup when that is none."""
    if server.data.exists():
        return
    pipeline.untar(server.programs, server.making, layers)
    if not (server.making / _META).exists():
        raise DamagedBackup(f"the backup has no {_META}: it is not one of InfluxDB")
    server.making.rename(server.data)


def _shards(server: Server) -> list[tuple[str, str, int]]:
    return [(database, policy, number) for number, database, policy, *_times in server.query("SHOW SHARDS")]


@contextlib.contextmanager
def _shard(server: Server, database: str, policy: str, number: int) -> Iterator[tarfile.TarFile | None]:
    """A shard's files; None when it was removed meanwhile."""
    scratch = server.making.with_suffix(".backup")
    files.remove_tree(scratch)
    scratch.mkdir(mode=0o700)
    server.facts.give(scratch)
    command: list[str | Path] = [
        server.bin / "influxd", "backup", "-host", engine_config.snapshots(server),
        "-database", database, "-retention", policy, "-shard", str(number), scratch,
    ]  # fmt: skip
    try:
        try:
            server.programs.run(command)
        except ProgramFailed:
            if (database, policy, number) in _shards(server):
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

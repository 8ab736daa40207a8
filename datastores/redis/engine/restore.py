"""From a backup back to a data directory.

The server keeps an append-only file, and one that is asked to does not look at a snapshot beside it. So the snapshot
becomes the base of that file, named by its manifest ("Redis persistence" in the manual, "AOF multi part").
"""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.errors import DamagedBackup
from datastores.host.streams import Source
from datastores.redis.engine.node import Node

USERS, SNAPSHOT = "users.acl", "dump.rdb"
_DIRECTORY = "appendonlydir"
_BASE = "appendonly.aof.1.base.rdb"
_MANIFEST = "appendonly.aof.manifest"
_MAGIC = (b"REDIS", b"VALKEY")
_COPY_BYTES = 1024 * 1024


def load(node: Node, layers: Iterable[Source]) -> None:
    """Make the data directory from a backup.

    Raises DamagedBackup when the stream is not one of `backups`; the server itself checks the snapshot's sum.
    """
    for layer in layers:
        files.remove_tree(node.staging)
        _unpack(layer, node.staging)
    directory = node.staging / _DIRECTORY
    files.write_text(directory / _MANIFEST, f"file {_BASE} seq 1 type b\n")
    for path in (node.staging, *node.staging.rglob("*")):
        node.facts.chown(path)
    node.commit_staging()


def _unpack(source: Source, making: Path) -> None:
    (making / _DIRECTORY).mkdir(mode=0o700, parents=True)
    making.chmod(0o700)
    base, reader = making / _DIRECTORY / _BASE, _Reader(source)
    base.touch(mode=0o600)
    try:
        with (
            base.open("wb") as snapshot,
            tarfile.open(fileobj=io.BufferedReader(reader), mode="r|", bufsize=_COPY_BYTES) as archive,
        ):
            for member in archive:
                content = archive.extractfile(member)
                if content is not None and member.name == USERS:
                    files.write_text(making / USERS, content.read().decode())
                elif content is not None and member.name.startswith(SNAPSHOT):
                    shutil.copyfileobj(content, snapshot, _COPY_BYTES)
        reader.drain()
    except tarfile.TarError as error:
        raise DamagedBackup(f"the backup is not one of this datastore: {error}") from error
    with base.open("rb") as snapshot:
        if not snapshot.read(len(max(_MAGIC, key=len))).startswith(_MAGIC):
            raise DamagedBackup("the backup has no snapshot")


class _Reader(io.RawIOBase):
    """A source as a file."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = iter(source)
        self._block = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a buffer of any kind
        """Fill the buffer as far as the current block goes; 0 at the end."""
        if not self._block:
            self._block = next(self._source, self._block)
        taken = min(len(buffer), len(self._block))
        buffer[:taken] = self._block[:taken]
        self._block = self._block[taken:]
        return taken

    def drain(self) -> None:
        """Read to the end, where the source finds out whether it is whole."""
        for _block in self._source:
            pass

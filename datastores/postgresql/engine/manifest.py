"""The backup manifest, taken out of pg_basebackup's tar as it passes: the next incremental backup needs it.

Written to stdout, pg_basebackup puts the manifest into the tar as a member. Headers are POSIX ustar's ("ustar
Interchange Format" in POSIX pax): 512 bytes with the name at 0 and the size at 124, then the body in blocks of 512.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from datastores.host.streams import Sink

MANIFEST = "backup_manifest"
_BLOCK = 512
_NAME = slice(0, 100)
_SIZE = slice(124, 136)
_BASE_256 = 0x80  # GNU's mark for sizes from 8 GiB on, which PostgreSQL uses, too


class ManifestTap:
    """A sink that passes a tar on and writes the manifest in it to a file."""

    def __init__(self, sink: Sink, path: Path) -> None:
        self._sink, self._path = sink, path
        self._header = bytearray()
        self._body = self._padding = 0
        self._file: BinaryIO | None = None

    def write(self, block: memoryview) -> None:
        """Pass a block on."""
        self._sink(block)
        while block:
            block = block[self._take(block) :]

    def _take(self, block: memoryview) -> int:
        """Handle the next part of a member; how many bytes that were."""
        if self._body:
            taken = min(len(block), self._body)
            self._body -= taken
            self._keep(block[:taken])
        elif self._padding:
            taken = min(len(block), self._padding)
            self._padding -= taken
        else:
            taken = min(len(block), _BLOCK - len(self._header))
            self._header += block[:taken]
            if len(self._header) == _BLOCK:
                self._begin_member()
        return taken

    def _begin_member(self) -> None:
        name = bytes(self._header[_NAME]).rstrip(b"\0").decode("utf-8", "replace")
        self._body = _size(bytes(self._header[_SIZE]))
        self._padding = -self._body % _BLOCK
        self._header.clear()
        if name == MANIFEST and self._body:
            self._file = self._path.open("wb")

    def _keep(self, part: memoryview) -> None:
        if self._file is not None:
            self._file.write(part)
            if not self._body:
                self._file.close()
                self._file = None


def _size(field: bytes) -> int:
    if field[0] & _BASE_256:
        return int.from_bytes(field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)

"""Logs of a database: their files as one stream, published in parts of whole entries.

A position in the stream names a file, its first line (rotation may use a name anew) and an offset. Which parts lie
between two positions follows from the files alone, so that publishing again after a crash makes the same objects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from datastores.protocol.logs import Measure, Position

PART_BYTES = 4 * 1024 * 1024
"""The largest part; what publishing holds in memory."""
_FIRST_LINE_BYTES = 512
_LAST_LINE_BYTES = 64 * 1024


def _every_line(_line: bytes) -> bool | None:
    return True


@dataclass(frozen=True)
class Log:
    """A log: its files, the oldest first; `begins` tells of a line whether it begins an entry of this log (True), one
    that is none of its entries (False), or goes on with the one before (None)."""

    files: tuple[Path, ...]
    begins: Callable[[bytes], bool | None] = _every_line


@dataclass(frozen=True)
class Part:
    """Entries of a log, the bytes of the files that hold them, and the position after them; the content is empty when
    none of the entries there is the log's own."""

    content: bytes
    file_bytes: int
    end: Position

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.content.count(b"\n") + (not self.content.endswith(b"\n") and bool(self.content))


def measure(log: Log, since: Position | None) -> Measure:
    """What there is behind a position (None: the beginning); a last line that is being written is left out."""
    files = _present(log)
    rest = _behind(files, since)
    end = Position(files[-1].name, _head(files[-1]), _complete(files[-1])) if files else None
    pending = sum(path.stat().st_size - offset for path, offset in rest[:-1])
    if end is not None:
        pending += max(0, end.offset - rest[-1][1])
    return Measure(pending, since is not None and not _holds(files, since), end)


def parts(log: Log, since: Position | None, until: Position) -> Iterator[Part]:
    """The parts between two positions; nothing when the end's file has been rotated away meanwhile."""
    for path, start in _behind(_present(log), since):
        head = _head(path)
        is_last = (path.name, head) == (until.file, until.head)
        size = until.offset if is_last else path.stat().st_size
        offset = start
        with path.open("rb") as file:
            while offset < size:
                file.seek(offset)
                block = file.read(min(PART_BYTES, size - offset))
                if not block:
                    break
                if offset + len(block) < size:
                    block = block[: _cut(log, block)]
                offset += len(block)
                yield Part(_own(log, block), len(block), Position(path.name, head, offset))
        if is_last:
            return


def _present(log: Log) -> list[Path]:
    return [path for path in log.files if path.exists() and path.stat().st_size]


def _holds(files: list[Path], position: Position) -> bool:
    return any(_is_in(path, position) for path in files)


def _is_in(path: Path, position: Position) -> bool:
    return (path.name, _head(path)) == (position.file, position.head) and path.stat().st_size >= position.offset


def _behind(files: list[Path], since: Position | None) -> list[tuple[Path, int]]:
    """Files with the offset from which they are behind a position."""
    for number, path in enumerate(files):
        if since is not None and _is_in(path, since):
            return [(path, since.offset), *((later, 0) for later in files[number + 1 :])]
    return [(path, 0) for path in files]


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.md5(file.readline(_FIRST_LINE_BYTES), usedforsecurity=False).hexdigest()


def _complete(path: Path) -> int:
    """The size without a last line that has no end yet."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = max(0, size - _LAST_LINE_BYTES)
        file.seek(start)
        newline = file.read(size - start).rfind(b"\n")
    return start + newline + 1 if newline >= 0 else size


def _cut(log: Log, block: bytes) -> int:
    """Where the last entry that may be whole ends; anywhere when an entry is larger than a part."""
    end = len(block)
    while (newline := block.rfind(b"\n", 0, end)) > 0:
        next_line = block[newline + 1 : block.find(b"\n", newline + 1) if b"\n" in block[newline + 1 :] else None]
        if next_line and log.begins(next_line) is not None:
            return newline + 1
        end = newline
    return len(block)


def _own(log: Log, block: bytes) -> bytes:
    own, belongs = bytearray(), True
    for line in block.splitlines(keepends=True):
        begins = log.begins(line)
        belongs = belongs if begins is None else begins
        if belongs:
            own += line
    return bytes(own)

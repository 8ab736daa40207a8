"""What streams are made of: a sink takes blocks, a source yields them.

A block is valid until the next one, is not empty, and can be written to (as ctypes wants it).
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Callable, cast

Sink = Callable[[memoryview], None]
Source = Iterable[memoryview]
_BLOCK_BYTES = 1024 * 1024


class _File(io.RawIOBase):
    """A sink as a file to write to."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def write(self, content: Any) -> int:  # noqa: ANN401 -- bytes, whatever the type that holds them
        """Pass a block."""
        self._sink(memoryview(bytearray(content)))
        return len(content)


def tar_into(sink: Sink, *, dereference: bool = False) -> tarfile.TarFile:
    """A tar that is written to a sink; `dereference`: symbolic links become what they point to."""
    return tarfile.open(None, "w|", cast(BinaryIO, _File(sink)), _BLOCK_BYTES, dereference=dereference)


def counted(sink: Sink, report: Callable[[int], None]) -> Sink:
    """A sink that reports the number of bytes passed so far with each block."""
    total = 0

    def write(block: memoryview) -> None:
        nonlocal total
        sink(block)
        total += len(block)
        report(total)

    return write


def counted_source(source: Source, report: Callable[[int], None]) -> Iterator[memoryview]:
    """A source that reports the number of bytes taken so far with each block."""
    total = 0
    for block in source:
        yield block
        total += len(block)
        report(total)

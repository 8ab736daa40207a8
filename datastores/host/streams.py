"""What streams are made of: a sink takes blocks, a source yields them. A block is valid until the next one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Callable

Sink = Callable[[memoryview], None]
Source = Iterable[memoryview]


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

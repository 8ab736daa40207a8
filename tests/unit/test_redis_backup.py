"""A snapshot on its way from the server into a tar: none of its bytes is lost, and none of the mark stays."""

from __future__ import annotations

import io
import os
import socket
import tarfile
import threading

import pytest

from datastores.host.errors import EngineError
from datastores.redis.engine import backups

MARK = b"m" * 40
MEMBER = 8 * 1024 * 1024


def copied(sent: bytes) -> bytes:
    """What the tar's members put together are, when the server sends this."""
    here, there = socket.socketpair()
    archive = io.BytesIO()

    def sink(block: memoryview) -> None:
        archive.write(block)

    def serve() -> None:
        with there:
            there.sendall(sent)

    server = threading.Thread(target=serve)
    server.start()
    try:
        with here:
            backups.copy_snapshot(here, MARK, sink)
    finally:
        server.join()
    archive.seek(0)
    with tarfile.open(fileobj=archive) as opened:
        parts = [opened.extractfile(member) for member in opened]
    return b"".join(part.read() for part in parts if part is not None)


@pytest.mark.parametrize("size", [1, 39, 40, MEMBER - 40, MEMBER - 1, MEMBER, MEMBER + 1, MEMBER + 40, 2 * MEMBER + 7])
def test_every_byte_before_the_mark_is_there(size: int) -> None:
    snapshot = os.urandom(size)
    assert copied(snapshot + MARK) == snapshot


def test_a_part_of_the_mark_is_data() -> None:
    snapshot = b"x" * 100 + MARK[:39] + b"x" + MARK[:20] + b"y" * MEMBER
    assert copied(snapshot + MARK) == snapshot


@pytest.mark.parametrize("sent", [b"", b"x" * 100, b"x" * MEMBER + MARK[:39]])
def test_a_snapshot_without_its_end_is_none(sent: bytes) -> None:
    with pytest.raises(EngineError, match="too early"):
        copied(sent)

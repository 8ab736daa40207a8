"""Uploading a stream as segments, with two buffers and one thread, whatever the stream's length.

While one buffer is on its way the other is filled. A segment stays in its buffer until the store has confirmed it, so a
store that is slow or away stops the reading, and the pressure reaches the database's dump.
"""

from __future__ import annotations

import hashlib
import mmap
import queue
import threading
from pathlib import Path

from datastores.host.errors import HostError
from datastores.host.tempurl import Store
from datastores.protocol.manifest import Segment, segment_path

_BUFFERS = 2


def put(store: Store, path: str, body: memoryview) -> str:
    """Store an object; its MD5. Raises StorageError, StorageRefused."""
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    store.put(path, body, md5)
    return md5


def store_object(store: Store, path: str, body: memoryview) -> Segment:
    """Store a part of a backup and describe it. Raises StorageError, StorageRefused."""
    md5 = put(store, path, body)
    return Segment(path, md5, len(body), hashlib.sha256(body).hexdigest())


def store_file(store: Store, path: str, file: Path) -> Segment:
    """Store a file that is not empty, without reading it into memory. Raises StorageError, StorageRefused."""
    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as view,
    ):
        return store_object(store, path, view)


class SegmentUploader:
    """A sink that cuts what it gets into segments of `segment_bytes` and stores them in order."""

    def __init__(self, store: Store, segment_bytes: int) -> None:
        self._store = store
        self._size = segment_bytes
        self._segments: list[Segment] = []
        self._failure: HostError | None = None
        self._free: queue.Queue[bytearray | None] = queue.Queue()
        self._full: queue.Queue[tuple[bytearray, int] | None] = queue.Queue()
        self._unused = _BUFFERS
        self._buffer: bytearray | None = None
        self._filled = 0
        self._thread = threading.Thread(target=self._upload, name="upload", daemon=True)
        self._thread.start()

    def write(self, block: memoryview) -> None:
        """Take a block. Raises what the upload of an earlier segment failed with."""
        while block:
            if self._buffer is None:
                self._buffer, self._filled = self._next_buffer(), 0
            taken = min(len(block), self._size - self._filled)
            self._buffer[self._filled : self._filled + taken] = block[:taken]
            self._filled += taken
            block = block[taken:]
            if self._filled == self._size:
                self._hand_over()

    def finish(self) -> tuple[Segment, ...]:
        """Store what is left and wait; the segments in order. Raises what an upload failed with."""
        self._hand_over()
        self._full.put(None)
        self._thread.join()
        if self._failure:
            raise self._failure
        return tuple(self._segments)

    def _next_buffer(self) -> bytearray:
        if self._unused:
            self._unused -= 1
            return bytearray(self._size)
        buffer = self._free.get()
        if buffer is None:
            raise self._failure or HostError("the upload ended")
        return buffer

    def _hand_over(self) -> None:
        if self._buffer is not None:
            self._full.put((self._buffer, self._filled))
            self._buffer = None

    def _upload(self) -> None:
        try:
            while (item := self._full.get()) is not None:
                buffer, size = item
                self._store_segment(memoryview(buffer)[:size])
                self._free.put(buffer)
        except HostError as failure:
            self._failure = failure
            for _ in range(_BUFFERS + 1):
                self._free.put(None)

    def _store_segment(self, body: memoryview) -> None:
        path = segment_path(len(self._segments) + 1)
        self._segments.append(store_object(self._store, path, body))

"""Downloading segments in order, each verified before it is used; the next is fetched meanwhile."""

from __future__ import annotations

import hashlib
import mmap
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

from datastores.host.errors import DamagedBackup, HostError
from datastores.host.tempurl import Store
from datastores.protocol.codec import ProtocolError
from datastores.protocol.manifest import INDEX, Manifest, Segment, parse

_BLOCK_BYTES = 1024 * 1024
_BUFFERS = 2


def manifest(store: Store) -> Manifest:
    """The description of the backup below the store's prefix. Raises StorageError, StorageRefused, DamagedBackup."""
    try:
        return parse(store.get(INDEX))
    except ProtocolError as error:
        raise DamagedBackup(f"{INDEX} is not the description of a backup: {error}") from error


def fetch(store: Store, stored: Segment, path: Path) -> None:
    """Write one object to a file, verified. Raises StorageError, StorageRefused, DamagedBackup."""
    with path.open("w+b") as file:
        file.truncate(stored.size_bytes)
        with mmap.mmap(file.fileno(), stored.size_bytes) as mapped, memoryview(mapped) as view:
            store.get_into(stored.path, view)
            _verify(stored, view)


def stored_stream(store: Store, segments: tuple[Segment, ...]) -> Iterator[memoryview]:
    """The bytes of all segments, in two buffers of a segment's size. Raises StorageError, DamagedBackup."""
    free: queue.Queue[bytearray] = queue.Queue()
    full: queue.Queue[tuple[bytearray, int] | HostError] = queue.Queue()
    for _ in range(min(_BUFFERS, len(segments))):
        free.put(bytearray(max(segment.size_bytes for segment in segments)))
    threading.Thread(target=_fetch, args=(store, segments, free, full), name="download", daemon=True).start()
    for _ in segments:
        item = full.get()
        if isinstance(item, HostError):
            raise item
        buffer, size = item
        view = memoryview(buffer)
        for start in range(0, size, _BLOCK_BYTES):
            yield view[start : min(start + _BLOCK_BYTES, size)]
        free.put(buffer)


def _fetch(
    store: Store,
    segments: tuple[Segment, ...],
    free: queue.Queue[bytearray],
    full: queue.Queue[tuple[bytearray, int] | HostError],
) -> None:
    try:
        for segment in segments:
            buffer = free.get()
            view = memoryview(buffer)[: segment.size_bytes]
            store.get_into(segment.path, view)
            _verify(segment, view)
            full.put((buffer, segment.size_bytes))
    except HostError as failure:
        full.put(failure)


def _verify(segment: Segment, body: memoryview) -> None:
    if hashlib.sha256(body).hexdigest() != segment.sha256:
        raise DamagedBackup(f"{segment.path} is not what was stored (SHA-256 differs): use another backup")

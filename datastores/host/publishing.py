"""Publishing a log: its parts as objects `log-<time>` below a prefix, and a metafile beside them.

The layout is the one that Trove's clients read: `x-object-meta-lines` on each object, the newest object last.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from datastores.host.logs import Log, Position, parts
from datastores.host.tempurl import Store

CALL_BYTES = 32 * 1024 * 1024
"""What one call reads before it gives an account of it."""


@dataclass(frozen=True)
class Range:
    """What is to be published: from `since` (None: the beginning) to `until`."""

    since: Position | None
    until: Position


@dataclass(frozen=True)
class Names:
    """How the next objects are called: the time of the publication, and microseconds that count the parts."""

    begun: datetime
    parts: int

    def part(self, number: int) -> str:
        """The name of the part of that number within this call."""
        time = self.begun + timedelta(microseconds=self.parts + number)
        return f"/log-{time.isoformat(timespec='microseconds')}"


@dataclass(frozen=True)
class Account:
    """What was published by one call."""

    position: dict[str, Any] | None
    published_bytes: int
    parts: int
    finished: bool


def publish(log: Log, wanted: Range, names: Names, store: Store) -> Account:
    """Store the parts of a range, or those of its first CALL_BYTES. Raises StorageError, StorageRefused."""
    position, taken, stored, published = wanted.since, 0, 0, 0
    for part in parts(log, wanted.since, wanted.until):
        if part.content:
            headers = {"X-Object-Meta-Lines": str(part.lines), "Content-Type": "text/plain; charset=utf-8"}
            _put(store, names.part(stored), part.content, headers)
            stored, published = stored + 1, published + len(part.content)
        taken += part.file_bytes
        position = part.end
        if taken >= CALL_BYTES:
            return Account(position.document(), published, stored, finished=position == wanted.until)
    return Account(position.document() if position else None, published, stored, finished=True)


def put_metafile(store: Store, details: dict[str, Any]) -> None:
    """Store the metafile. Raises StorageError, StorageRefused."""
    _put(store, "_metafile", json.dumps(details).encode(), {"Content-Type": "application/json"})


def _put(store: Store, path: str, body: bytes, headers: dict[str, str]) -> None:
    store.put(path, memoryview(body), hashlib.md5(body, usedforsecurity=False).hexdigest(), headers)

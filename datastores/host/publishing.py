"""Publishing a log: its parts as objects `log-<time>` below a prefix, and a metafile beside them.

The layout is the one that Trove's clients read: `x-object-meta-lines` on each object, the newest object last.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from datastores.host.logs import Log, parts
from datastores.host.tempurl import Retry, Store
from datastores.protocol import codec
from datastores.protocol.logs import PublishedPart, PublishLog

CALL_BYTES = 32 * 1024 * 1024
"""What one call reads before it gives an account of it."""
_SHORT = Retry(give_up=5.0)  # somebody waits for the answer, and asks again


def publish(log: Log, asked: PublishLog) -> PublishedPart:
    """Store the parts of a range, or those of its first CALL_BYTES; the metafile comes with the last of them.

    Raises StorageError, StorageRefused.
    """
    store = Store(asked.upload, _SHORT)
    done = _store_parts(log, asked, store)
    if done.finished:
        about = {
            "log_name": asked.name,
            "log_type": asked.log_type,
            "log_position": done.position and codec.encode(done.position),
        }
        _put(store, "_metafile", json.dumps(about).encode(), {"Content-Type": "application/json"})
    return done


def _store_parts(log: Log, asked: PublishLog, store: Store) -> PublishedPart:
    position, taken, stored, published = asked.position, 0, 0, 0
    for part in parts(log, asked.position, asked.until):
        if part.content:
            headers = {"X-Object-Meta-Lines": str(part.lines), "Content-Type": "text/plain; charset=utf-8"}
            _put(store, _name(asked, stored), part.content, headers)
            stored, published = stored + 1, published + len(part.content)
        taken += part.file_bytes
        position = part.end
        if taken >= CALL_BYTES:
            return PublishedPart(position, published, stored, finished=position == asked.until)
    return PublishedPart(position, published, stored, finished=True)


def _name(asked: PublishLog, number: int) -> str:
    """The name of the object of that number within this call: when the publication began, and microseconds that count
    its parts."""
    time = datetime.fromisoformat(asked.begun) + timedelta(microseconds=asked.parts + number)
    return f"/log-{time.isoformat(timespec='microseconds')}"


def _put(store: Store, path: str, body: bytes, headers: dict[str, str]) -> None:
    store.put(path, memoryview(body), hashlib.md5(body, usedforsecurity=False).hexdigest(), headers)

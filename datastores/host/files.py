"""Small files that are replaced whole or not at all, and locks."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from datastores.protocol import codec
from datastores.protocol.codec import Message


def write_text(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file atomically: written beside, synced, renamed."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)


def sync(directory: Path) -> None:
    """Have what was renamed or removed in a directory outlive a loss of power."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Replace a JSON file atomically, readable by its owner only."""
    write_text(path, json.dumps(document))


def read_json(path: Path) -> dict[str, Any] | None:
    """The document, or None when the file is not there."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return document


def write_message(path: Path, message: object) -> None:
    """Replace a file that holds a message atomically, readable by its owner only."""
    write_text(path, codec.dump(message).decode())


def read_message(path: Path, kind: type[Message]) -> Message | None:
    """The message, or None when the file is not there. Raises ProtocolError."""
    try:
        return codec.load(kind, path.read_bytes())
    except FileNotFoundError:
        return None


def tail(path: Path, size: int, since: int = 0) -> str:
    """The last `size` bytes of a file after byte `since`; empty when there is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(since if since <= end else 0, end - size))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def remove_tree(path: Path) -> None:
    """Remove a directory if it is there."""
    if path.exists():
        shutil.rmtree(path)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock within the block: one process after another."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

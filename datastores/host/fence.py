"""Fencing: a host obeys no operation older than the newest it has seen of those that do not bear it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from datastores.host import files
from datastores.host.errors import Fenced
from datastores.protocol.turns import Lock, Turn


class Fence:
    """Holds the host's start lock; `let_pass` checks and remembers an operation's turn.

    Invariant: the number stored for a class never decreases, and whoever starts or cancels jobs, or makes a change by a
    call, holds the lock meanwhile, so no work of an older operation can begin after a newer one that hinders it was
    seen.
    """

    def __init__(self, jobs: Path) -> None:
        self._file = jobs / ".fence"
        self._lock = jobs / ".fence.lock"
        self._descriptor = -1
        self._seen: list[Turn] = []

    def __enter__(self) -> Fence:
        self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._seen = self._stored()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self.close()

    def close(self) -> None:
        """Let go of the descriptor without unlocking (for a forked child)."""
        os.close(self._descriptor)

    def hindrance(self, asked: Turn) -> Turn | None:
        """The turn of a newer operation that was seen and does not bear the one asked about."""
        return next((seen for seen in self._seen if seen.hinders(asked)), None)

    def let_pass(self, asked: Turn) -> None:
        """Remember a turn. Raises Fenced when it is over."""
        if (newer := self.hindrance(asked)) is not None:
            raise Fenced(f"operation number {asked.number} is over: number {newer.number} was seen on this host")
        newest = {seen.lock: seen.number for seen in self._seen}
        if asked.number > newest.get(asked.lock, -1):
            newest[asked.lock] = asked.number
            files.write_json(self._file, {lock.value: number for lock, number in newest.items()})
            self._seen = [Turn(number, lock) for lock, number in newest.items()]

    def _stored(self) -> list[Turn]:
        stored = files.read_json(self._file) or {}
        if "newest" in stored:  # written before there were locks
            return [Turn(int(stored["newest"]), Lock.EXCLUSIVE)]
        return [Turn(int(number), Lock(lock)) for lock, number in stored.items()]

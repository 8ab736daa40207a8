"""Fencing: a host obeys no operation older than the newest it has seen."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from datastores.host import files
from datastores.host.errors import Fenced


class Fence:
    """Holds the host's start lock; `pass_operation` checks and remembers an operation's number.

    Invariant: the stored number never decreases, and whoever starts or cancels jobs, or makes a change by a call,
    holds the lock meanwhile, so no work of an older operation can begin after a newer operation was seen.
    """

    def __init__(self, jobs: Path) -> None:
        self._file = jobs / ".fence"
        self._lock = jobs / ".fence.lock"
        self._descriptor = -1

    def __enter__(self) -> Fence:
        self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self.close()

    def close(self) -> None:
        """Let go of the descriptor without unlocking (for a forked child)."""
        os.close(self._descriptor)

    def newest(self) -> int:
        """The newest operation number seen, 0 at first."""
        return int((files.read_json(self._file) or {"newest": 0})["newest"])

    def pass_operation(self, number: int) -> None:
        """Remember a number. Raises Fenced when a newer one was seen."""
        newest = self.newest()
        if number < newest:
            raise Fenced(f"operation number {number} is over: number {newest} was already seen on this host")
        if number > newest:
            files.write_json(self._file, {"newest": number})

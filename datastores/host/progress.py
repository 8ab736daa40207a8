"""What a running job tells those who poll it."""

from __future__ import annotations

import time
from pathlib import Path

from datastores.host import files
from datastores.protocol.requests import JobProgress

_SECONDS_BETWEEN_WRITES = 0.5


class Progress:
    """Phase, bytes and percent of a job, written to a file at most twice a second (a new phase at once)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = 0.0
        self._phase = "starting"

    def phase(self, name: str) -> None:
        """Enter a phase."""
        self._phase = name
        self._write(None, None)
        self._written = 0.0

    def complete(self, count: int) -> None:
        """All bytes of this phase are handled."""
        self._write(count, 100.0)

    def bytes(self, count: int, expected: int | None = None) -> None:
        """Bytes handled so far in this phase; with an estimate of all bytes also percent, never quite 100."""
        if time.monotonic() - self._written >= _SECONDS_BETWEEN_WRITES:
            percent = min(99.0, round(100.0 * count / expected, 1)) if expected else None
            self._write(count, percent)

    def _write(self, count: int | None, percent: float | None) -> None:
        self._written = time.monotonic()
        files.write_message(self._path, JobProgress(self._phase, count, percent))

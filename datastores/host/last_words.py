"""The last words of a server that does not start: what its logs say since then becomes the error of the start."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datastores.host import files
from datastores.host.errors import DiskFull, EngineError

_TAIL_BYTES = 16000
_TAIL_LINES = 5
_LINE_CHARACTERS = 400
_LOG_SECONDS = 2.0
"""Seconds after a server's death in which its log may still get the reason."""
_LOOK_SECONDS = 0.05
_ROTATED_BYTES = 16 * 1024 * 1024
_NO_SPACE = re.compile("no space left on device", re.IGNORECASE)
_ANYTHING = re.compile("")


@dataclass(frozen=True)
class LastWords:
    """How the datastore `title` says why it does not start.

    A line that matches `telling` is a reason, unless it has one of the words in `usual`, which every start says. Words
    that match `no_space` mean that the volume is full.
    """

    title: str
    telling: re.Pattern[str] = _ANYTHING
    usual: tuple[str, ...] = ()
    no_space: re.Pattern[str] = _NO_SPACE

    def failure(self, since: dict[Path, int], what: str = "does not start") -> EngineError:
        """The error of a server whose logs had these sizes before: its last reasons, or else its last lines.

        Waits a little for a reason: a server may have a process of its own that writes the log and ends after it.
        """
        give_up = time.monotonic() + _LOG_SECONDS
        while not (reasons := self._reasons(lines := _lines(since))) and time.monotonic() < give_up:
            time.sleep(_LOOK_SECONDS)
        telling = [line for line in lines if self.telling.search(line)]
        words = "\n".join((reasons or telling or lines)[-_TAIL_LINES:])
        return self.error(what, words or f"it left no word in {', '.join(str(log) for log in since)}")

    def _reasons(self, lines: list[str]) -> list[str]:
        telling = [line for line in lines if self.telling.search(line)]
        return [line for line in telling if not any(word in line for word in self.usual)]

    def error(self, what: str, words: str) -> EngineError:
        """The error of a server that failed with these words; DiskFull when they say so."""
        if self.no_space.search(words):
            return DiskFull(f"the instance's volume is full: use a larger volume ({self.title} {what}: {words})")
        return EngineError(f"{self.title} {what}: {words}")


def _lines(since: dict[Path, int]) -> list[str]:
    """What the logs say since they had these sizes."""
    return [
        line[:_LINE_CHARACTERS]
        for log, size in since.items()
        for line in files.tail(log, _TAIL_BYTES, size).splitlines()
        if line.strip()
    ]


def sizes(logs: Sequence[Path]) -> dict[Path, int]:
    """The sizes of logs, by their paths."""
    return {path: path.stat().st_size if path.exists() else 0 for path in logs}


def rotate(log: Path) -> Path:
    """Put a log aside that has become long; return the path of the one before it."""
    old = log.with_suffix(".log.1")
    if log.exists() and log.stat().st_size > _ROTATED_BYTES:
        log.replace(old)
    return old

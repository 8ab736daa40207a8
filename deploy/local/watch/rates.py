"""Rates, made of totals that are read again and again."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

SERVED = b'"request served"'
"""What the entrypoint logs for each answered request with a token, as functions.entrypoint.dispatch has it."""


@dataclass
class Rate:
    """The rate of a total over the last `span` seconds. A total that falls, as after a restart, begins anew."""

    span: float
    _samples: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, at: float, total: float) -> None:
        """Add the total of a moment, in seconds."""
        if self._samples and total < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((at, total))
        while len(self._samples) > 2 and self._samples[1][0] <= at - self.span:  # noqa: PLR2004 - a rate needs two
            self._samples.popleft()

    @property
    def per_second(self) -> float | None:
        """The rate, None until there are two samples."""
        if len(self._samples) < 2:  # noqa: PLR2004 - a rate needs two
            return None
        (first, before), (last, total) = self._samples[0], self._samples[-1]
        return (total - before) / (last - first)


class ServedRequests:
    """Counts the answered requests in the entrypoint's log since it was first looked at."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position: int | None = None
        self._total = 0

    def total(self) -> int:
        """Read what is new in the log; return the number of requests so far."""
        if not self._log.exists():
            return self._total
        size = self._log.stat().st_size
        if self._position is None:
            self._position = size
        if size < self._position:
            self._position = 0
        with self._log.open("rb") as file:
            file.seek(self._position)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._position += len(whole)
        self._total += whole.count(SERVED)
        return self._total

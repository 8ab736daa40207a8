"""The set-checker: writers add unique numbers and note which were acknowledged; at the end each member is read.

What was acknowledged and is nowhere is lost; what is there and nobody sent is unexpected. A probe writes to the own
address of each member all the time, to see whether two of them ever take writes at once.
"""

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from datastores.conformance import Session
from tests.support.waiting import eventually

WRITERS = 3
PAUSE_SECONDS = 0.01
"""Between two writes of a writer, so that two cores have time for the rest."""
PROBE_SECONDS = 0.1
GOING_ON, GO_ON_SECONDS = 20, 120.0

Connect = Callable[[], Session]


@dataclass
class Taken:
    """The writes that were acknowledged over one address: number, when it was sent, when it was acknowledged."""

    writes: list[tuple[int, float, float]] = field(default_factory=list)


class SetChecker:
    """Writes through a group's endpoint, and to each member's own address, until told to stop."""

    def __init__(self, endpoint: Connect, members: Mapping[str, Connect]) -> None:
        self._connects = {"endpoint": endpoint, **members}
        self.taken = {name: Taken() for name in self._connects}
        self.sent: set[int] = set()
        self._first = secrets.randbelow(2**40) << 20
        self._numbers = itertools.count(self._first)
        self._over = threading.Event()

    @property
    def acknowledged(self) -> set[int]:
        """Every number that was acknowledged."""
        return {number for taken in self.taken.values() for number, _sent, _at in taken.writes}

    def lost(self, found: set[int]) -> set[int]:
        """The numbers that were acknowledged and are not among those found."""
        return self.acknowledged - found

    def unexpected(self, found: set[int]) -> set[int]:
        """The numbers of this set-checker's range that were found and that nobody sent."""
        return {number for number in found if 0 <= number - self._first < 2**20} - self.sent

    def written(self) -> int:
        """How many writes through the endpoint were acknowledged."""
        return len(self.taken["endpoint"].writes)

    def go_on(self) -> None:
        """Wait until writes through the endpoint are acknowledged, also those of connections that are new."""
        enough = self.written() + GOING_ON
        eventually(lambda: self.written() > enough, "writes go on", GO_ON_SECONDS)

    def gap(self, since: float) -> float:
        """The longest time without an acknowledged write through the endpoint that ended after a moment, in seconds."""
        times = sorted(at for _number, _sent, at in self.taken["endpoint"].writes)
        return max((later - earlier for earlier, later in itertools.pairwise(times) if later > since), default=0.0)

    def primaries(self) -> list[str]:
        """The members that took writes at their own addresses, in turn. Fails if one took any after its successor."""
        took = {name: taken.writes for name, taken in self.taken.items() if taken.writes and name != "endpoint"}
        order = sorted(took, key=lambda name: took[name][0][1])
        for earlier, later in itertools.pairwise(order):
            first = took[later][0][2]
            late = [sent for _number, sent, _at in took[earlier] if sent > first]
            assert not late, f"{earlier} took {len(late)} writes up to {late[-1] - first:.2f} s after {later} took one"
        return order

    def _write(self, name: str, pause: float) -> None:
        session: Session | None = None
        while not self._over.wait(pause):
            number, sent = next(self._numbers), time.monotonic()
            self.sent.add(number)
            try:
                session = session or self._connects[name]()
                session.write([number])
                self.taken[name].writes.append((number, sent, time.monotonic()))
            except Exception:  # noqa: BLE001 - whatever the engine's client raises: it was not acknowledged
                if session is not None:
                    with suppress(Exception):
                        session.close()
                session = None

    @contextmanager
    def running(self) -> Iterator["SetChecker"]:
        """Inside the block it writes."""
        writers = [threading.Thread(target=self._write, args=("endpoint", PAUSE_SECONDS)) for _ in range(WRITERS)]
        probed = [name for name in self._connects if name != "endpoint"]
        threads = [*writers, *(threading.Thread(target=self._write, args=(name, PROBE_SECONDS)) for name in probed)]
        for thread in threads:
            thread.daemon = True
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join(timeout=30)

"""Runs the units of a cloud in the order of their dependencies, and again when they die.

One thread, no connections, no state that matters: whatever kills it, the kernel ends its children (PR_SET_PDEATHSIG)
and the next start continues from what is on disk.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import processes
from deploy.local.status import Phase, Status, UnitStatus, write

TICK = 0.03
"""Seconds between two looks at what is starting."""
START_LIMIT = 120.0
"""Seconds after which a unit that did not become ready is started again."""
STABLE_AFTER = 30.0
"""Seconds of life after which earlier failures are forgotten."""
STOP_LIMIT = 10.0
"""Seconds that units get to end before they are killed."""
_LONGEST_BACKOFF = 15.0
_IDLE = 60.0
_SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


@dataclass(frozen=True)
class Unit:
    """A service (with a probe) or a step that ends (without)."""

    name: str
    start: Callable[[], int]
    """Starts the child process, gives its id."""
    probe: Callable[[], bool] | None = None
    """Tells whether the service answers."""
    after: tuple[str, ...] = ()
    """Units that must be ready or done first."""
    follows: tuple[str, ...] = ()
    """Services with which this one is started again, as it depends on their memory or repairs what they left."""
    stop_signal: signal.Signals = signal.SIGTERM
    last: bool = False
    """Stopped after all others."""


@dataclass
class _Life:
    unit: Unit
    status: UnitStatus
    since: float = 0.0
    not_before: float = 0.0
    expected: bool = field(default=False)


def backoff(failures: int) -> float:
    """Seconds to wait before the next start: none after the first failure, then doubling from half a second to 15."""
    return 0.0 if failures <= 1 else min(_LONGEST_BACKOFF, 0.5 * 2 ** (failures - 2))


class Supervisor:
    """Keeps the units of one cloud running until it is told to stop."""

    def __init__(self, units: Iterable[Unit], run: Path) -> None:
        """
        Args:
            units: in the order in which they are shown.
            run: directory of the status file.
        """
        self._run = run
        self._lives = {u.name: _Life(u, UnitStatus(u.name, service=u.probe is not None)) for u in units}
        self._status = Status(os.getpid(), [life.status for life in self._lives.values()])
        self._published = ""

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, then stop every unit; SIGHUP is answered in the status."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        stopping = False
        while not stopping:
            self.step()
            arrived = signal.sigtimedwait(_SIGNALS, self._pause())
            number = arrived.si_signo if arrived is not None else None
            stopping = number in {signal.SIGTERM, signal.SIGINT}
            self._status.confirmed += number == signal.SIGHUP
        self.stop()

    def step(self) -> None:
        """Look once: who died, who is ready, who can start."""
        self._reap()
        self._probe_starting()
        self._start_due()
        self._publish()

    def stop(self) -> None:
        """End every unit, those marked `last` after the others."""
        for last in (False, True):
            lives = [life for life in self._lives.values() if life.status.pid and life.unit.last is last]
            for life in lives:
                _signal(life, life.unit.stop_signal)
            self._wait_for(lives)
        self._publish()

    def _wait_for(self, lives: list[_Life]) -> None:
        deadline = time.monotonic() + STOP_LIMIT
        while any(life.status.pid for life in lives):
            if time.monotonic() > deadline:
                for life in lives:
                    _signal(life, signal.SIGKILL)
            self._reap(stopping=True)
            signal.sigtimedwait({signal.SIGCHLD}, TICK)

    def _reap(self, *, stopping: bool = False) -> None:
        for life in self._lives.values():
            if life.status.pid is None:
                continue
            pid, code = os.waitpid(life.status.pid, os.WNOHANG)
            if pid:
                self._ended(life, code, stopping=stopping)

    def _ended(self, life: _Life, code: int, *, stopping: bool) -> None:
        status, now = life.status, time.monotonic()
        status.pid = None
        if stopping:
            status.phase = Phase.STOPPED
        elif code == 0 and not status.service:
            status.phase, status.failures, status.error = Phase.DONE, 0, ""
            status.seconds = round(now - life.since, 2)
        elif life.expected:
            status.phase, life.expected = Phase.WAITING, False
        else:
            self._failed(life, code, now)

    def _failed(self, life: _Life, code: int, now: float) -> None:
        status = life.status
        if status.phase is Phase.READY and now - life.since > STABLE_AFTER:
            status.failures = 0
        status.failures += 1
        status.error = processes.describe_exit(code)
        status.phase = Phase.WAITING
        life.not_before = now + backoff(status.failures)
        _say(f"{status.name}: {status.error}, failure {status.failures}")
        if status.service:
            self._restart_followers(status.name)

    def _restart_followers(self, name: str) -> None:
        for life in self._lives.values():
            if name not in life.unit.follows:
                continue
            if life.status.pid:
                life.expected = True
                _signal(life, signal.SIGKILL)
            life.status.phase = Phase.WAITING
            self._restart_followers(life.unit.name)

    def _start_due(self) -> None:
        now = time.monotonic()
        for life in self._lives.values():
            status = life.status
            due = status.phase is Phase.WAITING and status.pid is None and now >= life.not_before
            if due and all(self._lives[name].status.settled for name in life.unit.after):
                life.since = now
                status.pid, status.phase = life.unit.start(), Phase.STARTING
                _say(f"{status.name}: started as process {status.pid}")

    def _probe_starting(self) -> None:
        for life in self._lives.values():
            if life.status.phase is not Phase.STARTING:
                continue
            age = time.monotonic() - life.since
            if life.unit.probe is not None and life.unit.probe():
                life.status.phase, life.status.seconds, life.status.error = Phase.READY, round(age, 2), ""
            elif age > START_LIMIT:
                _signal(life, signal.SIGKILL)

    def _pause(self) -> float:
        lives = self._lives.values()
        if any(life.status.phase is Phase.STARTING for life in lives):
            return TICK
        waits = [life.not_before - time.monotonic() for life in lives if life.status.phase is Phase.WAITING]
        return max(TICK, min([*(wait for wait in waits if wait > 0), _IDLE]))

    def _publish(self) -> None:
        current = repr(self._status)
        if current != self._published:
            write(self._run, self._status)
            self._published = current


def _signal(life: _Life, number: signal.Signals) -> None:
    if life.status.pid is None:
        return
    try:
        if number is signal.SIGKILL:
            os.killpg(life.status.pid, number)
        else:
            os.kill(life.status.pid, number)
    except ProcessLookupError:
        return


def _say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", flush=True)

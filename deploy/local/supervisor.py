"""Starts the units of a cloud in the order of their dependencies, and restarts those that fail.

The supervisor has one thread, no connections and no state that must survive. If it is killed, the kernel ends its
children (PR_SET_PDEATHSIG), and the next start continues from what is on disk.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import processes
from deploy.local.status import Phase, Status, UnitStatus, write

POLL_SECONDS = 0.03
"""Seconds between two checks of the units that are starting or stopping."""
START_LIMIT = 120.0
"""Seconds after which a unit that did not become ready is killed and started again."""
STABLE_AFTER = 30.0
"""Seconds that a service must have run for its next failure to count as the first."""
STOP_LIMIT = 10.0
"""Seconds between a unit's stop signal and SIGKILL."""
_LONGEST_BACKOFF = 15.0
"""Seconds that `backoff` returns at most."""
_IDLE = 60.0
"""Seconds between two checks when no unit is starting."""
_SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


@dataclass(frozen=True)
class Unit:
    """A service, with a probe, or a one-shot unit, without."""

    name: str
    start: Callable[[], int]
    """Starts the child process and returns its id."""
    probe: Callable[[], bool] | None = None
    """Returns whether the service answers."""
    after: tuple[str, ...] = ()
    """Units that must be active before this one is started."""
    follows: tuple[str, ...] = ()
    """Services whose failure restarts this unit, which depends on their memory or repairs what they left."""
    stop_signal: signal.Signals = signal.SIGTERM
    last: bool = False
    """Whether to stop the unit after all others."""


@dataclass
class _UnitState:
    unit: Unit
    status: UnitStatus
    since: float = 0.0
    not_before: float = 0.0
    expected: bool = field(default=False)


def backoff(failures: int) -> float:
    """Return the seconds to wait before the next start: 0 after the first failure, then 0.5 doubling up to 15."""
    return 0.0 if failures <= 1 else min(_LONGEST_BACKOFF, 0.5 * 2 ** (failures - 2))


class Supervisor:
    """Keeps the units of one cloud running until it is told to stop."""

    def __init__(self, units: Iterable[Unit], run: Path, wanted: Callable[[], Iterable[Unit]] = tuple) -> None:
        """
        Args:
            units: in the order in which they are shown.
            run: directory of the status file.
            wanted: returns the units as they are to be, for `reload`.
        """
        self._run = run
        self._wanted = wanted
        self._states: dict[str, _UnitState] = {}
        self._status = Status(os.getpid(), [])
        self._published = ""
        self._add(units)

    def _add(self, units: Iterable[Unit]) -> None:
        for unit in units:
            if unit.name not in self._states:
                state = _UnitState(unit, UnitStatus(unit.name, service=unit.probe is not None))
                self._states[unit.name] = state
                self._status.units.append(state.status)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, then stop every unit. A SIGHUP adds new units and raises `answers` in the
        status."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        stopping = False
        while not stopping:
            self.poll()
            arrived = signal.sigtimedwait(_SIGNALS, self._pause())
            number = arrived.si_signo if arrived is not None else None
            stopping = number in {signal.SIGTERM, signal.SIGINT}
            if number == signal.SIGHUP:
                self.reload()
                self._status.answers += 1
        self.stop()

    def reload(self) -> None:
        """Take on units that are wanted by now; those that are there stay as they are."""
        self._add(self._wanted())

    def poll(self) -> None:
        """Handle units that ended, probe those that are starting, and start those that can."""
        self._reap()
        self._probe_starting()
        self._start_due()
        self._publish()

    def stop(self) -> None:
        """Stop every unit, those marked `last` after the others."""
        for last in (False, True):
            states = [state for state in self._states.values() if state.status.pid and state.unit.last is last]
            for state in states:
                _signal(state, state.unit.stop_signal)
            self._wait_for(states)
        self._publish()

    def _wait_for(self, states: list[_UnitState]) -> None:
        deadline = time.monotonic() + STOP_LIMIT
        while any(state.status.pid for state in states):
            if time.monotonic() > deadline:
                for state in states:
                    _signal(state, signal.SIGKILL)
            self._reap(stopping=True)
            signal.sigtimedwait({signal.SIGCHLD}, POLL_SECONDS)

    def _reap(self, *, stopping: bool = False) -> None:
        for state in self._states.values():
            if state.status.pid is None:
                continue
            pid, code = os.waitpid(state.status.pid, os.WNOHANG)
            if pid:
                self._handle_exit(state, code, stopping=stopping)

    def _handle_exit(self, state: _UnitState, code: int, *, stopping: bool) -> None:
        status, now = state.status, time.monotonic()
        status.pid = None
        if stopping:
            status.phase = Phase.STOPPED
        elif code == 0 and not status.service:
            status.phase, status.failures, status.error = Phase.DONE, 0, ""
            status.seconds = round(now - state.since, 2)
        elif state.expected:
            status.phase, state.expected = Phase.WAITING, False
        else:
            self._handle_failure(state, code, now)

    def _handle_failure(self, state: _UnitState, code: int, now: float) -> None:
        status = state.status
        if status.phase is Phase.READY and now - state.since > STABLE_AFTER:
            status.failures = 0
        status.failures += 1
        status.error = processes.describe_exit(code)
        status.phase = Phase.WAITING
        state.not_before = now + backoff(status.failures)
        _log(f"{status.name}: {status.error}, failure {status.failures}")
        if status.service:
            self._restart_followers(status.name)

    def _restart_followers(self, name: str) -> None:
        for state in self._states.values():
            if name not in state.unit.follows:
                continue
            if state.status.pid:
                state.expected = True
                _signal(state, signal.SIGKILL)
            state.status.phase = Phase.WAITING
            self._restart_followers(state.unit.name)

    def _start_due(self) -> None:
        now = time.monotonic()
        for state in self._states.values():
            status = state.status
            due = status.phase is Phase.WAITING and status.pid is None and now >= state.not_before
            if due and all(self._states[name].status.active for name in state.unit.after):
                state.since = now
                status.pid, status.phase = state.unit.start(), Phase.STARTING
                _log(f"{status.name}: started as process {status.pid}")

    def _probe_starting(self) -> None:
        for state in self._states.values():
            if state.status.phase is not Phase.STARTING:
                continue
            age = time.monotonic() - state.since
            if state.unit.probe is not None and state.unit.probe():
                state.status.phase, state.status.seconds, state.status.error = Phase.READY, round(age, 2), ""
            elif age > START_LIMIT:
                _signal(state, signal.SIGKILL)

    def _pause(self) -> float:
        states = self._states.values()
        if any(state.status.phase is Phase.STARTING for state in states):
            return POLL_SECONDS
        waits = [state.not_before - time.monotonic() for state in states if state.status.phase is Phase.WAITING]
        return max(POLL_SECONDS, min([*(wait for wait in waits if wait > 0), _IDLE]))

    def _publish(self) -> None:
        current = repr(self._status)
        if current != self._published:
            write(self._run, self._status)
            self._published = current


def _signal(state: _UnitState, number: signal.Signals) -> None:
    if state.status.pid is None:
        return
    try:
        if number is signal.SIGKILL:
            os.killpg(state.status.pid, number)
        else:
            os.kill(state.status.pid, number)
    except ProcessLookupError:
        return


def _log(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", flush=True)

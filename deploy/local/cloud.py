"""Starts, stops and describes one embedded cloud, for trovectl, the demonstration and the tests."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from keystoneauth1.session import Session

from deploy.local import addresses, credentials, privileges, processes, sessions, status
from deploy.local.__main__ import ALREADY_RUNNING
from deploy.local.addresses import Addresses
from deploy.local.errors import StartError, StateError
from deploy.local.services import functions
from deploy.local.services.context import Context
from deploy.local.state import State
from deploy.local.status import Status, UnitStatus

START_LIMIT = 180.0
"""Seconds after which `up` fails if not all units are ready."""
STOP_LIMIT = 40.0
"""Seconds after which `down` fails if the supervisor has not ended."""
ANSWER_LIMIT = 5.0
"""Seconds to wait for the supervisor's answer to SIGHUP; without one it counts as alive but busy."""
MAX_FAILURES = 4
"""Failures in a row of one unit after which `up` fails."""
_POLL = 0.05
_LOG_TAIL_LINES = 15

Progress = Callable[[Status], None]


class Cloud:
    """The embedded cloud of one state directory."""

    def __init__(self, path: Path) -> None:
        self.state = State.at(path)

    @cached_property
    def addresses(self) -> Addresses:
        """The addresses that the cloud listens on.

        Raises:
            AddressError: the cloud was never started.
        """
        return addresses.load(self.state.path)

    def up(self, progress: Progress | None = None, extras: Sequence[str] = ()) -> None:
        """Start the cloud unless it runs, and wait until all units are ready.

        It has the services `extras` (`state.EXTRAS`) from now on, besides the usual ones.

        Raises:
            LocalError: a unit cannot be started; the message says what to do.
        """
        if extras:
            self._prepare_state()
            self.state.add_extras(extras)
        starter = None if self._supervisor_answers() else self._start_supervisor()
        self._wait_ready(starter, progress or (lambda _status: None))
        _give_to_sudo_user(self.state.clouds_yaml)

    def down(self) -> None:
        """Stop the control plane; hosts and endpoints keep running.

        Raises:
            StartError: the supervisor does not end.
        """
        if not self.state.exists() or not self.state.running():
            return
        deadline = time.monotonic() + STOP_LIMIT
        asked = False
        while self.state.running():
            current = status.read(self.state.run)
            if current is not None and not asked:
                _signal(current.supervisor, signal.SIGTERM)
                asked = True
            if time.monotonic() > deadline:
                raise StartError(f"the supervisor does not end: see {self.state.log('supervisor')}")
            time.sleep(_POLL)

    def destroy(self) -> None:
        """Stop the control plane, the endpoints and the hosts, and remove the state directory.

        Raises:
            LocalError: the directory is not the state of a cloud, or a process does not end.
        """
        if not self.state.path.exists():
            return
        if not self.state.exists():
            raise StateError(f"{self.state.path} is not an embedded cloud's state: remove it yourself if you mean it")
        self.down()
        from deploy.local.endpoints import lifecycle as endpoints
        from deploy.local.hosts import lifecycle as hosts

        endpoints.destroy_all(self.state.path)
        hosts.destroy_all(self.state.path)
        shutil.rmtree(self.state.path)

    def session(self, name: str) -> Session:
        """Return a Keystone session for a cloud of clouds.yaml (demo, other, admin) or for the service user `trove`."""
        return sessions.service_session(self.state) if name == "trove" else sessions.tenant_session(self.state, name)

    @property
    def function_urls(self) -> dict[str, str]:
        """Base URL of the service that runs each noun's steps."""
        return functions.urls(self._context)

    def function_environment(self, group: str) -> dict[str, str]:
        """Return the environment variables of a function group's process."""
        return functions.environment(self._context, group)

    def status(self) -> Status | None:
        """Return the supervisor's latest status, None if it does not run."""
        return status.read(self.state.run) if self.state.exists() and self.state.running() else None

    def pid(self, service: str) -> int | None:
        """Return the process id of a service, None if it does not run.

        Raises:
            KeyError: there is no such service.
        """
        current = self.status()
        return None if current is None else current.unit(service).pid

    def log(self, service: str) -> Path:
        """Return the log file of a service, or of the supervisor."""
        return self.state.log(service)

    @property
    def _context(self) -> Context:
        return Context(self.state, self.addresses, credentials.passwords(self.state))

    def _supervisor_answers(self) -> bool:
        """Return whether a supervisor answers SIGHUP: one that was just killed still holds its lock for a moment."""
        asked = None
        deadline = time.monotonic() + ANSWER_LIMIT
        while self.state.running():
            current = status.read(self.state.run)
            if current is None or asked not in {None, current.answers} or time.monotonic() > deadline:
                return True
            if asked is None:
                asked = current.answers
                _signal(current.supervisor, signal.SIGHUP)
            time.sleep(_POLL)
        return False

    def _prepare(self) -> None:
        self._prepare_state()
        addresses.wait_free(addresses.load_or_choose(self.state.path))
        self._prepare_state()

    def _prepare_state(self) -> None:
        user = privileges.run_as()
        self.state.prepare(user.pw_uid, user.pw_gid)

    def _start_supervisor(self) -> "subprocess.Popen[bytes]":
        self._prepare()
        status.path(self.state.run).unlink(missing_ok=True)
        path = self.log("supervisor")
        processes.rotate(path)
        with path.open("ab") as log:
            if os.geteuid() == 0:
                user = privileges.run_as()
                os.fchown(log.fileno(), user.pw_uid, user.pw_gid)
            return subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "deploy.local", str(self.state.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait_ready(self, starter: "subprocess.Popen[bytes] | None", progress: Progress) -> None:
        deadline = time.monotonic() + START_LIMIT
        while True:
            if starter is not None and starter.poll() == ALREADY_RUNNING:
                starter = None
            if starter is None and not self.state.running():
                starter = self._start_supervisor()
            if starter is not None and starter.poll() is not None:
                raise StartError(f"the supervisor ended:\n{_tail(self.log('supervisor'))}")
            current = status.read(self.state.run)
            if current is not None:
                progress(current)
                if current.ready:
                    return
                self._check_failures(current)
            if time.monotonic() > deadline:
                raise StartError(
                    f"not ready after {START_LIMIT:.0f} s: see 'trovectl --state {self.state.path} status'"
                )
            time.sleep(_POLL)

    def _check_failures(self, current: Status) -> None:
        for unit in current.units:
            if unit.failures >= MAX_FAILURES and not unit.active:
                log = self._log_of(unit)
                raise StartError(f"{unit.name} does not start ({unit.error}). The end of {log}:\n{_tail(log)}")

    def _log_of(self, unit: UnitStatus) -> Path:
        return self.log(unit.name if unit.service else "supervisor")


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _give_to_sudo_user(path: Path) -> None:
    """Give a file to the user who runs trovectl with sudo."""
    invoker = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and invoker.isdigit():
        os.chown(path, int(invoker), -1)

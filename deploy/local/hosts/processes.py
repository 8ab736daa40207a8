"""Finds and ends the processes of a local host: those with its facts in their environment, or working in its root."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from deploy.local.hosts.layout import HostDirectory

TERM_GRACE = 3.0
"""Seconds between SIGTERM and SIGKILL."""


def processes_of(host: HostDirectory) -> list[psutil.Process]:
    """Return the host's running processes. PostgreSQL overwrites its environment and is found by its directory."""
    found = (_process_of(host, pid) for pid in psutil.pids() if pid != os.getpid())
    return [process for process in found if process]


def root_of(process: psutil.Process, hosts: Path) -> Path | None:
    """Return the root of the host below `hosts` that a process belongs to; None for any other process."""
    try:
        facts = Path(process.environ().get("TROVE_HOST_FACTS", ""))
        if facts.parent.parent == hosts:
            return facts.parent
        working = Path(process.cwd().removesuffix(" (deleted)"))
    except (psutil.Error, OSError):
        return None
    return hosts / working.relative_to(hosts).parts[0] if hosts in working.parents else None


def _process_of(host: HostDirectory, pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
    except psutil.Error:
        return None
    return process if root_of(process, host.root.parent) == host.root else None


class Termination:
    """Ends a host's processes: SIGTERM at once, SIGKILL after `grace` seconds; the caller polls `finished`."""

    def __init__(self, host: HostDirectory, grace: float = TERM_GRACE) -> None:
        self._host = host
        self._kill_at = time.monotonic() + grace
        _each(processes_of(host), psutil.Process.terminate)

    def finished(self) -> bool:
        """Kill processes whose grace is over; return whether none is left. Does not wait.

        It lists processes twice, since one list may miss the child of a process that is just ending.
        """
        left = processes_of(self._host) or processes_of(self._host)
        if time.monotonic() >= self._kill_at:
            _each(left, psutil.Process.kill)
        return not left


def _each(processes: Iterable[psutil.Process], end: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            end(process)

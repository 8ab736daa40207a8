"""The processes of a local host: all that carry its facts in their environment, or work inside its directory."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from deploy.local.hosts.layout import HostDirectory

TERM_GRACE = 3.0
"""Seconds that processes have to end by themselves."""


def processes_of(host: HostDirectory) -> list[psutil.Process]:
    """Every living process of the host. A server that overwrites its environment (PostgreSQL) is known by its
    directory."""
    found = (_process_of(host, pid) for pid in psutil.pids() if pid != os.getpid())
    return [process for process in found if process]


def _process_of(host: HostDirectory, pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        if process.environ().get("TROVE_HOST_FACTS") == str(host.facts_file):
            return process
        working = Path(process.cwd().removesuffix(" (deleted)"))
    except (psutil.Error, OSError):
        return None
    return process if working.is_relative_to(host.root) else None


class Ending:
    """The end of a host's processes: asked to end at once, killed after a grace, looked for until there are none."""

    def __init__(self, host: HostDirectory, grace: float = TERM_GRACE) -> None:
        self._host = host
        self._kill_at = time.monotonic() + grace
        _each(processes_of(host), psutil.Process.terminate)

    def over(self) -> bool:
        """Whether no process is left; kills what stays beyond its grace. Never waits.

        Looks twice: the child of a process that has just ended is missing in one look.
        """
        left = processes_of(self._host) or processes_of(self._host)
        if time.monotonic() >= self._kill_at:
            _each(left, psutil.Process.kill)
        return not left


def _each(processes: Iterable[psutil.Process], end: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            end(process)

"""CPU and memory of groups of processes, by one walk through all processes."""

import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from deploy.local.hosts.processes import root_of
from deploy.local.watch.view import Usage

MIB = 1024 * 1024
SETTLED = 10.0
"""Seconds after which a process has surely executed its program."""


class Usages:
    """What services and hosts use. CPU is of the time since the last look, so the first one has none."""

    def __init__(self, hosts: Path) -> None:
        self._hosts = hosts
        self._roots: dict[psutil.Process, Path | None] = {}

    def look(self) -> None:
        """Walk through all processes."""
        self._roots = {process: self._root(process) for process in psutil.process_iter()}

    def of_hosts(self) -> dict[Path, Usage]:
        """Return what the processes of each host use, by the host's directory."""
        groups: dict[Path, list[psutil.Process]] = {}
        for process, root in self._roots.items():
            if root:
                groups.setdefault(root, []).append(process)
        return {root: usage(processes) for root, processes in groups.items()}

    def of_services(self, pids: Mapping[str, int]) -> dict[str, Usage]:
        """Return what each service uses with its child processes, by the service's name."""
        children: dict[int, list[psutil.Process]] = {}
        for process, root in self._roots.items():
            if root is None:
                children.setdefault(_parent(process), []).append(process)
        known = {process.pid: process for process in self._roots}
        return {name: usage(_family(known.get(pid), children)) for name, pid in pids.items()}

    def _root(self, process: psutil.Process) -> Path | None:
        """Return the process's host. A process keeps its host, and one that has none after SETTLED never gets one."""
        known = process in self._roots
        if known and (self._roots[process] or time.time() - process.create_time() > SETTLED):
            return self._roots[process]
        return root_of(process, self._hosts)


def usage(processes: list[psutil.Process]) -> Usage:
    """Return what processes use; those that have ended, or that may not be looked at, use nothing."""
    measured = [_measured(process) for process in processes]
    found = [each for each in measured if each]
    return Usage(len(found), sum(cpu for cpu, _ in found), sum(memory for _, memory in found))


def _measured(process: psutil.Process) -> tuple[float, float] | None:
    try:
        return process.cpu_percent(), process.memory_full_info().pss / MIB
    except (psutil.Error, OSError):
        return None


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _family(process: psutil.Process | None, children: dict[int, list[psutil.Process]]) -> list[psutil.Process]:
    if process is None:
        return []
    return [process, *(each for child in children.get(process.pid, []) for each in _family(child, children))]

"""Peak memory of a host's job, and of the function services."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from deploy.local.hosts.layout import HostDirectory
from deploy.local.hosts.processes import processes_of

MIB = 1024 * 1024
_INTERVAL = 0.4
_SSH_SERVER = "deploy.local.hosts.sshd"


class JobMemory:
    """Watches what a job adds to a host: every process that is not the engine's server, nor the host's SSH server.

    Counted are proportional set sizes (smaps_rollup, proc(5)): pages that the job's processes share count once.
    """

    def __init__(self, host: HostDirectory) -> None:
        self._host = host
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.peak_mib = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_INTERVAL):
            self.peak_mib = max(self.peak_mib, sum(map(_job_bytes, processes_of(self._host))) / MIB)


def _job_bytes(process: psutil.Process) -> int:
    """Memory of a process, none when it is a server or has ended."""
    try:
        server = process.name() == "postgres" or _SSH_SERVER in process.cmdline()
        return 0 if server else int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def peak_of_service(pid: int) -> float:
    """The most memory that any process of a service ever had, MiB (VmHWM, proc(5))."""
    service = psutil.Process(pid)
    return max(_high_water(process.pid) for process in [service, *service.children(recursive=True)]) / 1024


def _high_water(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0

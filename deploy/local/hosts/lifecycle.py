"""A local host from its making to its end.

The invariant: a host's directory is there whole (made aside, then renamed) or not at all, and has an address no other
host has. Every function may be called again after any interruption, and converges.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import addresses
from deploy.local.engines import trees
from deploy.local.engines.programs import software
from deploy.local.errors import AddressError, LocalError
from deploy.local.hosts.layout import (
    DIRECTORIES,
    SSH_PORT,
    HostDirectory,
    HostFacts,
    environment,
    hosts_dir,
    write_private,
)
from deploy.local.hosts.processes import Ending, processes_of

BOOT_TIMEOUT = 60.0
SHUTDOWN_GRACE = 20.0
"""Seconds that a host's servers have to stop in good order."""
PID_TIMEOUT = 5.0
POLL = 0.02
PROBE_TIMEOUT = 0.2


class HostError(LocalError):
    """A host did not come up or go away; the message says where to look."""


@dataclass(frozen=True)
class HostSpec:
    """What a host is to be."""

    host_id: str
    owner: str
    """The id of the Heat resource it is made for."""
    memory_mb: int
    cpus: int
    volume_gb: int
    user_ca: str
    host_certificate: str
    host_key: str = field(repr=False)


def ensure(state_dir: Path, spec: HostSpec) -> HostDirectory:
    """Make the host, or make it what `spec` says, and start it. Does not wait until it listens.

    Raises:
        AddressError: the cloud's network has no free address.
    """
    host = HostDirectory.of(state_dir, spec.host_id)
    with _lock(state_dir):
        _sweep(state_dir)
        if host.root.exists():
            _fill(host, spec, host.facts().address)
        else:
            _make(state_dir, host, spec)
    if not listening(host):
        start(host)
    else:
        _reload(host)
    return host


def listening(host: HostDirectory) -> bool:
    """Whether the host's SSH server accepts connections."""
    try:
        with socket.create_connection((host.facts().address, SSH_PORT), timeout=PROBE_TIMEOUT):
            return True
    except OSError:
        return False


def start(host: HostDirectory) -> None:
    """Boot the host: its SSH server, which then runs the boot executables. Does not wait."""
    for left in (host.booted_file, host.sshd_pid_file):
        left.unlink(missing_ok=True)
    with host.sshd_log.open("ab") as log:
        subprocess.run(
            [sys.executable, "-I", "-m", "deploy.local.hosts.sshd", str(host.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=host.root,
            env=environment(host),
            check=True,
        )


def boot(host: HostDirectory, timeout: float = BOOT_TIMEOUT) -> None:
    """Boot the host if it is down, and wait until it is up and its boot executables have run.

    Raises:
        HostError: it is not up in time (seconds).
    """
    if not listening(host):
        start(host)
    _await_boot(host, timeout)


def shutdown(host: HostDirectory) -> None:
    """Stop every process of the host and keep its directory."""
    _await_end(Ending(host, SHUTDOWN_GRACE), SHUTDOWN_GRACE)


class Destruction:
    """Takes a host away in steps that never wait."""

    def __init__(self, state_dir: Path, host: HostDirectory) -> None:
        self._state_dir = state_dir
        self._host = host
        self._ending = Ending(host)

    def over(self) -> bool:
        """Go on; whether neither process nor directory is left."""
        if not self._ending.over():
            return False
        with _lock(self._state_dir):
            if self._host.root.exists():
                self._host.root.rename(_aside(self._host.root))
            _sweep(self._state_dir)
        return True


def destroy(state_dir: Path, host: HostDirectory) -> None:
    """Kill every process of the host and remove its directory.

    Raises:
        HostError: a process survives SIGKILL.
    """
    _await_end(Destruction(state_dir, host))


def hosts(state_dir: Path) -> list[HostDirectory]:
    """The hosts of a state directory."""
    directory = hosts_dir(state_dir)
    if not directory.is_dir():
        return []
    return [HostDirectory(path) for path in sorted(directory.iterdir()) if not path.name.startswith(".")]


def boot_all(state_dir: Path) -> list[HostDirectory]:
    """Boot every host that is down, all at once, and wait for them. Returns those that were down.

    Raises:
        HostError: one is not up in time.
    """
    down = [host for host in hosts(state_dir) if not listening(host)]
    for host in down:
        start(host)
    for host in down:
        _await_boot(host, BOOT_TIMEOUT)
    return down


def destroy_all(state_dir: Path) -> None:
    """Destroy every host. Raises HostError when a process survives SIGKILL."""
    if not hosts_dir(state_dir).is_dir():
        return
    destructions = [Destruction(state_dir, host) for host in hosts(state_dir)]
    for destruction in destructions:
        _await_end(destruction)
    with _lock(state_dir):
        _sweep(state_dir)


@contextmanager
def _lock(state_dir: Path) -> Iterator[None]:
    """Hold the state directory's hosts still, against other threads and processes."""
    hosts_dir(state_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(hosts_dir(state_dir) / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _free_address(state_dir: Path) -> str:
    taken = {host.facts().address for host in hosts(state_dir)}
    for address in addresses.load(state_dir).hosts():
        if address not in taken:
            return address
    raise AddressError("every host address of this cloud is taken: delete an instance first")


def _make(state_dir: Path, host: HostDirectory, spec: HostSpec) -> None:
    new = HostDirectory(_aside(host.root))
    for name in DIRECTORIES:
        (new.root / name).mkdir(mode=0o700, parents=True)
    python = Path(sys.executable).resolve()
    (new.root / "bin" / "python3").symlink_to(python)
    _fill(new, spec, _free_address(state_dir), at=host.root)
    new.root.rename(host.root)


def _fill(host: HostDirectory, spec: HostSpec, address: str, at: Path | None = None) -> None:
    """Write the host's files; `at` is the directory it will have."""
    root = at or host.root
    write_private(host.host_key, spec.host_key)
    write_private(host.host_certificate, spec.host_certificate)
    write_private(host.user_ca, spec.user_ca.strip() + "\n")
    write_private(host.owner_file, spec.owner)
    host.write_facts(
        HostFacts(
            host_id=spec.host_id,
            root=str(root),
            address=address,
            python=str(root / "bin" / "python3"),
            memory_mb=spec.memory_mb,
            cpus=spec.cpus,
            volume_gb=spec.volume_gb,
            software=software(trees.directory()),
        )
    )


def _reload(host: HostDirectory) -> None:
    """Make the SSH server, which listens, read its host key again."""
    _await(host.sshd_pid_file.exists, PID_TIMEOUT, f"the SSH server says no process id; see {host.sshd_log}")
    sshd = int(host.sshd_pid_file.read_text())
    if any(process.pid == sshd for process in processes_of(host)):
        os.kill(sshd, signal.SIGHUP)


def _aside(root: Path) -> Path:
    """A name beside a host's directory that counts as rubbish."""
    return root.with_name(f".{root.name}.{os.urandom(4).hex()}")


def _sweep(state_dir: Path) -> None:
    """Remove what an interrupted making or removal left. Needs the lock."""
    for path in hosts_dir(state_dir).glob(".?*"):
        if path.is_dir():
            shutil.rmtree(path)


def _await(condition: Callable[[], bool], timeout: float, failure: str) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= deadline:
            raise HostError(f"{failure} (after {timeout:g} s)")
        time.sleep(POLL)


def _await_boot(host: HostDirectory, timeout: float) -> None:
    _await(lambda: host.booted_file.exists() and listening(host), timeout, f"host did not boot; see {host.sshd_log}")


def _await_end(ending: Ending | Destruction, grace: float = 0.0) -> None:
    _await(ending.over, grace + BOOT_TIMEOUT, "processes of the host do not end")


__all__ = [
    "Destruction",
    "HostError",
    "HostSpec",
    "boot",
    "boot_all",
    "destroy",
    "destroy_all",
    "ensure",
    "hosts",
    "listening",
    "shutdown",
    "start",
]

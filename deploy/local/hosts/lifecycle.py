"""Creates, boots, stops and destroys local hosts.

The invariant: a host's directory is complete (created under another name, then renamed) or missing, and no other host
has its address. Every function may be called again after any interruption, and converges.
"""

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
from deploy.local.errors import LocalError
from deploy.local.hosts.layout import (
    DIRECTORIES,
    SSH_PORT,
    HostDirectory,
    HostFacts,
    environment,
    hosts_dir,
    write_private,
)
from deploy.local.hosts.processes import Termination, processes_of
from deploy.local.locks import locked

BOOT_TIMEOUT = 60.0
"""Seconds to wait for a host to boot, or for its processes to end after SIGKILL."""
SHUTDOWN_GRACE = 20.0
"""Seconds between SIGTERM and SIGKILL when a host is shut down."""
POLL = 0.02
"""Seconds between two checks of a condition that is waited for."""
PROBE_TIMEOUT = 0.2
"""Seconds to wait for the SSH server to accept a connection."""


class HostError(LocalError):
    """A host did not boot, or did not end; the message says where to look."""


@dataclass(frozen=True)
class HostSpec:
    """The properties of a host."""

    host_id: str
    owner: str
    """The id of the Heat resource that the host belongs to."""
    memory_mb: int
    cpus: int
    volume_gb: int
    user_ca: str
    host_certificate: str
    host_key: str = field(repr=False)
    isolated: bool = False
    """Whether no process of the host may run."""


def ensure(state_dir: Path, spec: HostSpec) -> HostDirectory:
    """Create the host or change it to `spec`, and start its SSH server without waiting, unless it is isolated.

    The processes of a host that is to be isolated still run: `isolate` ends them.

    Raises:
        AddressError: the cloud's network has no free address.
    """
    host = HostDirectory.of(state_dir, spec.host_id)
    with _lock(state_dir):
        _remove_leftovers(state_dir)
        if host.root.exists():
            _write_files(host, spec, host.facts().address)
        else:
            _create(state_dir, host, spec)
    if spec.isolated:
        return host
    host.isolated_file.unlink(missing_ok=True)
    if not listening(host):
        start(host)
    else:
        _reload(host)
    return host


def isolate(host: HostDirectory) -> Termination:
    """Forbid every process of the host, and kill those that run; the caller polls `finished`.

    The boot executables are removed, as when the databases are stopped: a host that is let back boots without them,
    so that a former primary does not serve before it was told of its successor.
    """
    host.isolated_file.touch(mode=0o600)
    for executable in host.boot.iterdir():
        executable.unlink()
    return Termination(host, grace=0.0)


def listening(host: HostDirectory) -> bool:
    """Return whether the host's SSH server accepts connections."""
    try:
        with socket.create_connection((host.facts().address, SSH_PORT), timeout=PROBE_TIMEOUT):
            return True
    except OSError:
        return False


def start(host: HostDirectory) -> None:
    """Start the host's SSH server, which listens at once and runs the boot executables; do not wait for those.

    Raises:
        HostError: the host is isolated.
    """
    if host.isolated_file.exists():
        raise HostError(f"the host in {host.root} is isolated")
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
    """Boot the host if it is down; wait until it listens and its boot executables have run.

    Raises:
        HostError: the boot takes longer than `timeout` seconds, or the host is isolated.
    """
    if not listening(host):
        start(host)
    _await_boot(host, timeout)


def shutdown(host: HostDirectory) -> None:
    """Stop every process of the host; keep its directory."""
    _await_end(Termination(host, SHUTDOWN_GRACE), SHUTDOWN_GRACE)


class Destruction:
    """Destroys a host; the caller polls `finished`, which never waits."""

    def __init__(self, state_dir: Path, host: HostDirectory) -> None:
        self._state_dir = state_dir
        self._host = host
        self._termination = Termination(host)

    def finished(self) -> bool:
        """Kill processes that are due, then remove the directory; return whether both are gone.

        An ending process has neither environment nor directory any more while its socket is still open: the address is
        free for the next host when nothing listens on it.
        """
        if not self._termination.finished() or (self._host.root.exists() and listening(self._host)):
            return False
        with _lock(self._state_dir):
            if self._host.root.exists():
                self._host.root.rename(_temporary_path(self._host.root))
            _remove_leftovers(self._state_dir)
        return True


def destroy(state_dir: Path, host: HostDirectory) -> None:
    """Kill every process of the host and remove its directory.

    Raises:
        HostError: a process survives SIGKILL.
    """
    _await_end(Destruction(state_dir, host))


def hosts(state_dir: Path) -> list[HostDirectory]:
    """Return the hosts of a state directory."""
    directory = hosts_dir(state_dir)
    if not directory.is_dir():
        return []
    return [HostDirectory(path) for path in sorted(directory.iterdir()) if not path.name.startswith(".")]


def boot_all(state_dir: Path) -> list[HostDirectory]:
    """Boot all hosts that are down and not isolated, at once, and wait for them. Returns those that were down.

    Raises:
        HostError: a boot takes longer than BOOT_TIMEOUT.
    """
    down = [host for host in hosts(state_dir) if not listening(host) and not host.isolated_file.exists()]
    for host in down:
        start(host)
    for host in down:
        _await_boot(host, BOOT_TIMEOUT)
    return down


def destroy_all(state_dir: Path) -> None:
    """Destroy every host. Raises HostError if a process survives SIGKILL."""
    if not hosts_dir(state_dir).is_dir():
        return
    destructions = [Destruction(state_dir, host) for host in hosts(state_dir)]
    for destruction in destructions:
        _await_end(destruction)
    with _lock(state_dir):
        _remove_leftovers(state_dir)


@contextmanager
def _lock(state_dir: Path) -> Iterator[None]:
    """Hold the lock of the state directory's hosts, against other threads and processes."""
    hosts_dir(state_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(hosts_dir(state_dir) / ".lock"):
        yield


def _create(state_dir: Path, host: HostDirectory, spec: HostSpec) -> None:
    new = HostDirectory(_temporary_path(host.root))
    for name in DIRECTORIES:
        (new.root / name).mkdir(mode=0o700, parents=True)
    python = Path(sys.executable).resolve()
    (new.root / "bin" / "python3").symlink_to(python)
    with addresses.claim(state_dir, addresses.load(state_dir).hosts()) as address:
        _write_files(new, spec, address, at=host.root)
        new.root.rename(host.root)


def _write_files(host: HostDirectory, spec: HostSpec, address: str, at: Path | None = None) -> None:
    """Write the host's files; `at` is the directory that it will be renamed to."""
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
    """Make the running SSH server read its host key again."""
    _await(host.sshd_pid_file.exists, BOOT_TIMEOUT, f"the SSH server says no process id; see {host.sshd_log}")
    sshd = int(host.sshd_pid_file.read_text())
    if any(process.pid == sshd for process in processes_of(host)):
        os.kill(sshd, signal.SIGHUP)


def _temporary_path(root: Path) -> Path:
    """Return a path beside a host's directory that `_remove_leftovers` removes."""
    return root.with_name(f".{root.name}.{os.urandom(4).hex()}")


def _remove_leftovers(state_dir: Path) -> None:
    """Remove directories that an interrupted creation or destruction left. Needs the lock."""
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


def _await_end(ending: Termination | Destruction, grace: float = 0.0) -> None:
    _await(ending.finished, grace + BOOT_TIMEOUT, "processes of the host do not end")


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
    "isolate",
    "listening",
    "shutdown",
    "start",
]

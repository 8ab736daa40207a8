"""Processes: children that die with their parent, the engine's user, sessions seen through /proc."""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Union

from datastores.host.errors import BadRequest, DiskFull, ProgramFailed

if TYPE_CHECKING:
    from datastores.host.facts import Facts

Stream = Union[int, IO[bytes], None]
FILES = 65536
"""Open files that a program may have, as far as the host allows it: a table can take two, a connection takes one."""
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SAID_BYTES = 2000
_STAT_STATE, _STAT_SESSION, _STAT_START = 0, 3, 19  # fields 3, 6 and 22 of proc_pid_stat(5), after the command's name
_DEAD = ("Z", "X")
"""States of a process that has ended; one that nobody reaps (process 1 of many containers does not) stays a zombie."""


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent (the thread that forked it) dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def raise_files() -> None:
    """Let this process, and the programs that it starts, have as many files open as the host allows, up to `FILES`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def boot_id() -> str:
    """Identity of the machine's current boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[str] | None:
    """The fields of a process that lives, None of one that is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if stat[_STAT_STATE] in _DEAD else stat


def start_time(pid: int) -> str | None:
    """When a process started, in ticks since boot; None when it is gone. With the pid it identifies a process."""
    stat = _stat(pid)
    return stat[_STAT_START] if stat else None


def identity(pid: int) -> str:
    """What tells a process from every other one, also after a reboot and when its number is given anew."""
    return f"{boot_id()} {pid} {start_time(pid)}"


def server_of(pid_file: Path, directory: Path) -> int | None:
    """The process that a pid file names in its first line, None when there is none or it does not work in the
    directory: another process may have been given its number."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8").partition("\n")[0])
        return pid if Path(f"/proc/{pid}/cwd").resolve(strict=True) == directory.resolve() else None
    except (OSError, ValueError):
        return None


def session_members(session: int) -> list[int]:
    """Processes of a session whose leader has ended. None when a leader lives: then the number was given anew."""
    if _stat(session):
        return []
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (stat := _stat(pid)) and stat[_STAT_SESSION] == str(session)]


def kill_session(session: int) -> None:
    """Kill what is left of a session, except the caller."""
    for pid in session_members(session):
        if pid != os.getpid():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


class Programs:
    """Runs programs as the engine's user, with a clean environment; they die with the job.

    `libraries` are directories of shared libraries that came with the programs.
    """

    def __init__(self, facts: Facts, libraries: Sequence[Path] = ()) -> None:
        self.facts = facts
        self.environment = {"PATH": _PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(facts.root)}
        if libraries:
            self.environment["LD_LIBRARY_PATH"] = ":".join(str(directory) for directory in libraries)
        if facts_file := os.environ.get("TROVE_HOST_FACTS"):
            self.environment["TROVE_HOST_FACTS"] = facts_file  # by this a local substrate knows its processes
        self._cwd = facts.root

    @cached_property
    def _identity(self) -> dict[str, Any]:
        """The engine's user for subprocess.Popen. Raises BadRequest when the host has no such user."""
        name = self.facts.user
        if not name:
            return {}
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise BadRequest(f"the host has no user '{name}' to run the engine as") from None
        groups = os.getgrouplist(name, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}

    def popen(
        self,
        argv: Sequence[str | Path],
        environment: dict[str, str] | None = None,
        *,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program (in the main thread: it dies with the thread). Raises BadRequest when it is not there."""
        parent = os.getpid()
        try:
            return subprocess.Popen(
                [str(word) for word in argv],
                env={**self.environment, **(environment or {})},
                cwd=self._cwd,
                umask=0o077,
                preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 -- two system calls, no lock
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                **self._identity,
            )
        except FileNotFoundError as error:
            raise BadRequest(f"program {argv[0]} is not on this host: {error}") from error

    def run(self, argv: Sequence[str | Path], feed: str = "", environment: dict[str, str] | None = None) -> str:
        """Run a program to its end, `feed` on its stdin, and return its stdout.

        Raises ProgramFailed with the last lines it said, DiskFull when they say so.
        """
        with tempfile.TemporaryFile() as said:
            process = self.popen(argv, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
            out = process.communicate(feed.encode())[0].decode("utf-8", "replace")
            check(argv, process.returncode, said)
        return out


def check(argv: Sequence[str | Path], code: int, said: IO[bytes]) -> None:
    """Copy what a program said to our stderr; raise ProgramFailed (or DiskFull) when it failed."""
    end = said.seek(0, os.SEEK_END)
    said.seek(max(0, end - _SAID_BYTES))
    words = said.read().decode("utf-8", "replace").strip()
    if words:
        os.write(2, f"{words}\n".encode())
    if code == 0:
        return
    how = f"was ended by signal {-code}" if code < 0 else f"failed with code {code}"
    message = f"{Path(argv[0]).name} {how}: {words or 'it gave no reason'}"
    if "no space left on device" in words.lower():  # as strerror(3) and as Go say it
        raise DiskFull(f"the instance's volume is full: use a larger volume ({message})")
    raise ProgramFailed(message)

"""Starts child processes of the supervisor: a function after a fork, with all its imports, or a program."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local import linux

LOG_LIMIT_BYTES = 20 * 2**20
"""Bytes above which a log is renamed to <name>.log.1 when its process starts."""


def fork(run: Callable[[], None], log: Path, death_signal: signal.Signals = signal.SIGKILL) -> int:
    """Run a function in a child process that the kernel ends with this one; return its process id.

    Standard output and error go to the log. The calling process must not have other threads.
    """
    rotate(log)
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _prepare_child(parent, log, death_signal)
        run()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
        print(f"left with {leaving.code}", file=sys.stderr)
    finally:
        if sys.exc_info()[1] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)


def program(arguments: Sequence[str], environment: Mapping[str, str], directory: Path) -> Callable[[], None]:
    """Return a function for `fork` that executes another program."""

    def run() -> None:
        os.chdir(directory)
        os.execve(arguments[0], list(arguments), dict(environment))  # noqa: S606 - no shell is wanted

    return run


def rotate(log: Path) -> None:
    """Rename a log to <name>.log.1 if it is larger than LOG_LIMIT_BYTES."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def describe_exit(status: int) -> str:
    """Return a text for a process's wait status: its exit code, or the signal that killed it."""
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.WEXITSTATUS(status)}"


def _prepare_child(parent: int, log: Path, death_signal: signal.Signals) -> None:
    os.setpgid(0, 0)
    linux.die_with_parent(death_signal)
    if os.getppid() != parent:
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    os.close(output)

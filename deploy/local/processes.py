"""Starting child processes of the supervisor: by fork (a function, sharing what is imported) or as a program."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local import linux

LOG_LIMIT_BYTES = 20 * 2**20
"""A log larger than this is put aside as <name>.log.1 when its process starts."""


def fork(run: Callable[[], None], log: Path, death_signal: signal.Signals = signal.SIGKILL) -> int:
    """Run a function in a child process that dies with this one; give its process id.

    Standard output and error go to the log. The calling process must not have other threads.
    """
    rotate(log)
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _settle(parent, log, death_signal)
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
    """A function for `fork` that becomes another program."""

    def run() -> None:
        os.chdir(directory)
        os.execve(arguments[0], list(arguments), dict(environment))  # noqa: S606 - no shell is wanted

    return run


def rotate(log: Path) -> None:
    """Put a log aside when it has grown too large."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


def describe_exit(status: int) -> str:
    """How a process ended, in words, from the status that wait gives."""
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.WEXITSTATUS(status)}"


def _settle(parent: int, log: Path, death_signal: signal.Signals) -> None:
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

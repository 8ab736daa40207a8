"""Run one command on a host, from synchronous code and from any thread."""

import asyncio
import shlex
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from functions.base.settings import get_settings
from functions.hostlink.ssh_ca import UserCredential
from functions.hostlink.ssh_connections import (
    CommandTimedOut,
    HostAddress,
    HostDenied,
    HostKeyRejected,
    HostUnreachable,
    OutputTooLarge,
    connections,
    on_loop,
)

if TYPE_CHECKING:
    from asyncssh import SSHClientProcess, SSHReader

__all__ = [
    "CommandTimedOut",
    "Completed",
    "HostAddress",
    "HostDenied",
    "HostKeyRejected",
    "HostUnreachable",
    "OutputTooLarge",
    "UserCredential",
    "run",
]

SHORTEST = 0.1
"""Seconds that timeout(1) is given at least: 0 would mean no limit."""
TIMED_OUT = frozenset({124, 137})
"""Exit statuses of timeout(1): the limit passed and the command ended by TERM, or by KILL."""
SIGNALLED = 128
"""The exit status of a command that signal N ended is this plus N."""
CHUNK = 65_536
"""Bytes of output that are read at once."""


class Completed(NamedTuple):
    """The result of a command."""

    exit_status: int
    """The command's exit status, or 128 + N if signal N ended it."""
    stdout: bytes
    stderr: bytes


def run(
    host: HostAddress, credential: UserCredential, argv: Sequence[str], stdin: bytes = b"", time_limit: float = 20.0
) -> Completed:
    """Run `argv` on the host with `stdin` and return its output, `command_output_bytes` each at most.

    `time_limit` is for the whole call, in seconds; the host itself ends a command that exceeds it, even if this
    process is dead by then. The calls of one operation to one host share a connection. `argv` is visible to the
    host's users: secrets belong in `stdin`.

    Raises:
        HostUnreachable, CommandTimedOut: a retry may succeed.
        HostKeyRejected, HostDenied, OutputTooLarge: a retry does not help.
    """
    return on_loop(_run(host, credential, argv, stdin, time.monotonic() + time_limit))


async def _run(
    host: HostAddress, credential: UserCredential, argv: Sequence[str], stdin: bytes, deadline: float
) -> Completed:
    import asyncssh

    seconds, grace = 0.0, get_settings().command_grace_seconds
    try:
        async with asyncio.timeout(deadline - time.monotonic()), connections().lease(host, credential) as connection:
            seconds = max(deadline - time.monotonic() - grace, SHORTEST)
            process = await connection.create_process(_limited(argv, seconds), encoding=None)
            completed = await _converse(process, stdin)
    except TimeoutError as error:
        if not seconds:
            raise HostUnreachable(f"{host} does not answer in time") from error
        raise CommandTimedOut(f"{host} did not report the end of a command after {seconds:.1f} s") from error
    except (asyncssh.Error, OSError) as error:
        raise HostUnreachable(f"the connection to {host} was lost during a command: {error}") from error
    if completed is None:
        raise HostUnreachable(f"the connection to {host} was lost during a command")
    if completed.exit_status in TIMED_OUT and time.monotonic() >= deadline - grace:
        raise CommandTimedOut(f"a command on {host} was ended after {seconds:.1f} s")
    return completed


def _limited(argv: Sequence[str], seconds: float) -> str:
    """Return the command line with a time limit by timeout(1) of coreutils."""
    return shlex.join(["timeout", f"--kill-after={get_settings().command_kill_seconds}", f"{seconds:.3f}", *argv])


async def _converse(process: "SSHClientProcess[bytes]", stdin: bytes) -> Completed | None:
    """Write stdin and read output until the command ends; return None if the connection was lost before."""
    async with process:
        _, stdout, stderr = await asyncio.gather(
            _feed(process, stdin), _collect(process.stdout), _collect(process.stderr)
        )
        await process.wait_closed()
    status = process.returncode
    if status is None:
        return None
    return Completed(status if status >= 0 else SIGNALLED - status, stdout, stderr)


async def _feed(process: "SSHClientProcess[bytes]", stdin: bytes) -> None:
    """Write all of stdin; stop if the command ends without reading it."""
    try:
        process.stdin.write(stdin)
        await process.stdin.drain()
        process.stdin.write_eof()
    except (BrokenPipeError, ConnectionResetError):
        return


async def _collect(reader: "SSHReader[bytes]") -> bytes:
    collected, limit = bytearray(), get_settings().command_output_bytes
    while chunk := await reader.read(CHUNK):
        collected += chunk
        if len(collected) > limit:
            raise OutputTooLarge(f"a command wrote more than {limit} bytes")
    return bytes(collected)

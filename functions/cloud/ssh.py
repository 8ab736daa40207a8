"""Run one command on a host, from synchronous code and from any thread."""

import asyncio
import shlex
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from functions.cloud.ssh_ca import UserCredential
from functions.cloud.ssh_connections import (
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

KILL_AFTER = 2
"""Seconds after the time limit's TERM at which the host kills the command."""
GRACE = 1.0
"""Seconds before the call's limit at which the host ends the command, so that it can still say so."""
SHORTEST = 0.1
TIMED_OUT = frozenset({124, 137})
"""Exit statuses of timeout(1): the limit passed and the command ended by TERM, or by KILL."""
SIGNALLED = 128
OUTPUT_LIMIT = 16 * 1024 * 1024
CHUNK = 65_536


class Completed(NamedTuple):
    """How a command ended."""

    exit_status: int
    """128 + N when signal N ended it."""
    stdout: bytes
    stderr: bytes


def run(
    host: HostAddress, credential: UserCredential, argv: Sequence[str], stdin: bytes = b"", time_limit: float = 20.0
) -> Completed:
    """Run `argv` on the host with `stdin` and collect its output (16 MiB each at most).

    `time_limit` is for the whole call, in seconds; the host itself ends a command that passes it, even when this
    process is gone by then. Connections are shared by the calls of one operation to one host. `argv` is visible to
    the host's users: secrets belong in `stdin`.

    Raises:
        HostUnreachable, CommandTimedOut: retryable.
        HostKeyRejected, HostDenied, OutputTooLarge: not.
    """
    return on_loop(_run(host, credential, argv, stdin, time.monotonic() + time_limit))


async def _run(
    host: HostAddress, credential: UserCredential, argv: Sequence[str], stdin: bytes, deadline: float
) -> Completed:
    import asyncssh

    seconds = 0.0
    try:
        async with asyncio.timeout(deadline - time.monotonic()), connections().lease(host, credential) as connection:
            seconds = max(deadline - time.monotonic() - GRACE, SHORTEST)
            process = await connection.create_process(_limited(argv, seconds), encoding=None)
            completed = await _converse(process, stdin)
    except TimeoutError as error:
        if not seconds:
            raise HostUnreachable(f"{host} does not answer in time") from error
        raise CommandTimedOut(f"{host} neither ended a command after {seconds:.1f} s nor said so") from error
    except (asyncssh.Error, OSError) as error:
        raise HostUnreachable(f"the connection to {host} was lost during a command: {error}") from error
    if completed is None:
        raise HostUnreachable(f"the connection to {host} was lost during a command")
    if completed.exit_status in TIMED_OUT and time.monotonic() >= deadline - GRACE:
        raise CommandTimedOut(f"a command on {host} was ended after {seconds:.1f} s")
    return completed


def _limited(argv: Sequence[str], seconds: float) -> str:
    """The command line that ends by itself: timeout(1) of coreutils."""
    return shlex.join(["timeout", f"--kill-after={KILL_AFTER}", f"{seconds:.3f}", *argv])


async def _converse(process: "SSHClientProcess[bytes]", stdin: bytes) -> Completed | None:
    """Feed and read a command to its end; None when the connection ended first."""
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
    """Write all of stdin; a command may end without reading it."""
    try:
        process.stdin.write(stdin)
        await process.stdin.drain()
        process.stdin.write_eof()
    except (BrokenPipeError, ConnectionResetError):
        return


async def _collect(reader: "SSHReader[bytes]") -> bytes:
    collected = bytearray()
    while chunk := await reader.read(CHUNK):
        collected += chunk
        if len(collected) > OUTPUT_LIMIT:
            raise OutputTooLarge(f"a command wrote more than {OUTPUT_LIMIT} bytes")
    return bytes(collected)

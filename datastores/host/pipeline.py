"""Pipelines of programs of which every exit code counts (sh has no pipefail)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from datastores.host.errors import DamagedBackup, ProgramFailed
from datastores.host.process import Programs, check
from datastores.host.streams import Sink, Source

_PIPE_BYTES = 1024 * 1024
Command = Sequence["str | Path"]


class Pipeline:
    """Programs connected stdout to stdin. Leave the `with` block to wait for all and check every exit code.

    Raises ProgramFailed (or DiskFull) for the last program that failed by itself: those before it only lost their
    reader. When the block ends with an error, all are killed first.
    """

    def __init__(
        self,
        programs: Programs,
        commands: Sequence[Command],
        *,
        feed: bool = False,
        read: bool = False,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._commands = commands
        self._said: list[IO[bytes]] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        source = subprocess.PIPE if feed else subprocess.DEVNULL
        last = len(self._commands) - 1
        for number, command in enumerate(self._commands):
            out = subprocess.PIPE if number < last or read else subprocess.DEVNULL
            self._said.append(tempfile.TemporaryFile())  # noqa: SIM115 -- closed with the pipeline
            previous = self._processes[-1].stdout if self._processes else None
            process = programs.popen(command, environment, stdin=previous or source, stdout=out, stderr=self._said[-1])
            self._processes.append(process)
            if previous:
                previous.close()
            _widen(process.stdout)
        _widen(self._processes[0].stdin)

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for stream in (self._processes[0].stdin, self._processes[-1].stdout):
                if stream:
                    stream.close()
            if error and not isinstance(error, BrokenPipeError):
                for process in self._processes:
                    process.kill()
            for process in self._processes:
                process.wait()
            if error is None or isinstance(error, BrokenPipeError):
                self._check()
        finally:
            for said in self._said:
                said.close()

    def _check(self) -> None:
        ended = list(zip(self._commands, self._processes, self._said))
        for command, process, said in reversed(ended):
            if process.returncode != -signal.SIGPIPE:
                check(command, process.returncode, said)
        for command, process, said in ended:
            check(command, process.returncode, said)

    def read_into(self, sink: Sink) -> None:
        """Pass all that the last program writes to a sink."""
        stream = self._processes[-1].stdout
        if stream is None:
            raise ValueError("the pipeline was not opened for reading")
        buffer = memoryview(bytearray(_PIPE_BYTES))
        while count := os.readv(stream.fileno(), [buffer]):
            sink(buffer[:count])

    def feed(self, source: Source) -> None:
        """Write all of a source to the first program's stdin, then close it."""
        stream = self._processes[0].stdin
        if stream is None:
            raise ValueError("the pipeline was not opened for feeding")
        for block in source:
            written = 0
            while written < len(block):
                written += os.write(stream.fileno(), block[written:])
        stream.close()


def _widen(pipe: IO[bytes] | None) -> None:
    """Make a pipe hold more, where the system allows: fewer switches between the programs."""
    if pipe:
        with contextlib.suppress(OSError, AttributeError):  # AttributeError: Python 3.9 does not name the constant
            fcntl.fcntl(pipe.fileno(), getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE_BYTES)


def dump(programs: Programs, command: Command, sink: Sink, environment: dict[str, str] | None = None) -> None:
    """Pass all of a program's stdout to a sink. Raises ProgramFailed or DiskFull, and whatever the sink raises."""
    with Pipeline(programs, [command], read=True, environment=environment) as pipeline:
        pipeline.read_into(sink)


def load(programs: Programs, command: Command, source: Source) -> None:
    """Feed all of a source to a program. Raises ProgramFailed or DiskFull, and whatever the source raises."""
    with Pipeline(programs, [command], feed=True) as pipeline:
        pipeline.feed(source)


def untar(programs: Programs, directory: Path, layers: Iterable[Source]) -> None:
    """Make a directory of the engine's user anew from a tar, one upon the other if there are more.

    Raises DamagedBackup for a stream that is no whole tar, DiskFull, and whatever the sources raise.
    """
    programs.facts.make_empty(directory)
    command: list[str | Path] = ["tar", "-x", "-p", "--no-same-owner", "-f", "-", "-C", directory]
    try:
        for layer in layers:
            load(programs, command, layer)
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup is not a whole tar: {error}") from error

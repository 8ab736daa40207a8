"""A server that runs for a moment, apart from the one that tenants reach: to make its data, or to look into it."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Callable

from datastores.host.errors import EngineError
from datastores.host.process import Programs, check

_READY_SECONDS = 60.0


@contextlib.contextmanager
def running(
    programs: Programs, command: Sequence[str | Path], directory: Path, ask: Callable[[], object]
) -> Iterator[None]:
    """Within the block the server runs in a working directory, in which nothing but what a killed one left may be; it
    ends with the block, and with the job.

    `ask` is something that it answers once it is up. Raises ProgramFailed with its words when it ends before, DiskFull
    when they say so, EngineError when it does not answer within a minute.
    """
    for left in directory.iterdir():
        left.unlink()
    with tempfile.TemporaryFile() as said:
        process = programs.popen(["env", "-C", directory, *command], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            deadline = time.monotonic() + _READY_SECONDS
            while not _answers(ask):
                if process.poll() is not None:
                    check(command, process.returncode or 1, said)
                if time.monotonic() > deadline:
                    raise EngineError(f"{Path(command[0]).name} did not answer within {_READY_SECONDS:.0f} seconds")
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait()


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except EngineError:
        return False
    return True

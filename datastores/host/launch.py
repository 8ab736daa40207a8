"""Detaching a job's supervisor from the connection that asked for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

from datastores.host import facts as host_facts
from datastores.host.errors import EngineError
from datastores.host.facts import Facts
from datastores.host.jobdir import JobDir
from datastores.protocol import requests
from datastores.protocol.requests import JobState, StartJob

_SYSTEMD = Path("/run/systemd/system")  # there when systemd is the init system: sd_booted(3)
_RUNTIME = Path("/run")
_START_SECONDS = 20.0
_LATE_SECONDS = 30


def has_systemd() -> bool:
    """Whether units can be started here."""
    return _SYSTEMD.is_dir() and os.geteuid() == 0 and shutil.which("systemd-run") is not None


def fork_away(run: Callable[[Callable[[], None]], None]) -> bool:
    """Run something in a detached process (own session, no terminal, no streams) and return once it says it is ready.

    `run` gets the function to say so; False when it ends without, as one that is killed.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _child(run, read, write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        word = pipe.read(1)
    os.waitpid(child, 0)
    return bool(word)


def _child(run: Callable[[Callable[[], None]], None], read: int, write: int) -> None:
    code = 1
    try:
        os.setsid()
        if os.fork():
            code = 0
            return
        os.close(read)
        _drop_streams()

        def ready() -> None:
            os.write(write, b"1")
            os.close(write)

        run(ready)
        code = 0
    finally:
        os._exit(code)


def _drop_streams() -> None:
    """Stdin, stdout and stderr on /dev/null, so that no connection stays open because of us."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)


def run_unit(facts: Facts, job: JobDir, asked: StartJob) -> None:
    """Start the supervisor as a transient systemd unit, which outlives sessions and gathers every process of the job.

    The request holds secrets and cannot be inherited by the unit: it goes through a private file on /run (memory)
    that the supervisor removes as it reads it. Raises EngineError when the unit does not start.
    """
    bundle = job.path / "bundle.zip"
    bundle.write_bytes(Path(sys.argv[0]).read_bytes())
    handed_over = _RUNTIME / f"trove-{job.id}.json"
    with os.fdopen(os.open(handed_over, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(requests.write(asked), file)
    try:
        done = subprocess.run(
            unit_command(facts, job, asked.time_limit, [str(bundle), "--supervise", str(handed_over)]),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise EngineError(f"systemd did not start the job: {done.stderr.strip()}")
        _await_supervisor(job)
    finally:
        handed_over.unlink(missing_ok=True)


def unit_command(facts: Facts, job: JobDir, time_limit: int, arguments: list[str]) -> list[str]:
    """The systemd-run command for a job; every process of the unit ends with it."""
    source = os.environ.get("TROVE_HOST_FACTS", host_facts.DEFAULT_FILE)
    return [
        "systemd-run", f"--unit=trove-job-{job.id}", "--slice=trove.slice", "--collect", "--quiet", "--no-block",
        f"--setenv=TROVE_HOST_FACTS={source}", "-p", "KillMode=control-group", "-p", "CPUWeight=20",
        "-p", f"RuntimeMaxSec={time_limit + _LATE_SECONDS}", "--", facts.python, "-I", *arguments,
    ]  # fmt: skip


def _await_supervisor(job: JobDir) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while job.status().state == JobState.CLAIMED:
        if time.monotonic() > deadline:
            raise EngineError(f"the job's unit did not start within {_START_SECONDS:.0f} seconds")
        time.sleep(0.02)

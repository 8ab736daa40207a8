"""Starting and stopping a server."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
import signal
import time
from pathlib import Path

from datastores.host import files, service
from datastores.host.errors import DiskFull, EngineError, NotRunning
from datastores.host.process import boot_id, start_time
from datastores.mysql.engine_server import Server

_STOP_SECONDS = 600.0  # a large pool of changed pages takes its time
_POLL_SECONDS = 0.05
_ORPHAN_TENTHS = 100
_TAIL_BYTES = 4000
_TAIL_LINES = 5
_TOLD = re.compile(r"\[ERROR\]|\[FATAL\]|\[System\].*error|rror while loading")
_NO_SPACE = re.compile(rf"error {errno.ENOSPC}\b|out of disk space|No space left")
_SAID_BY_EVERY_FAILURE = ("Aborting", "] Plugin '", "Unknown/unsupported storage engine")


def start(server: Server) -> None:
    """Start unless it runs, and register for the host's boot; wait until it answers. Raises EngineError with the
    log's last words."""
    service.register(server.programs, server.name, _script(server))
    since = _sizes(server)
    if not runs(server):
        try:
            service.start(server.facts, server.name)
        except EngineError as error:
            raise _does_not_start(server, since) from error
    while not _answers(server):
        if not runs(server):
            raise _does_not_start(server, since)
        time.sleep(_POLL_SECONDS)


def failed(what: str, words: str) -> EngineError:
    """The error of a server that could not do what it was started for: InnoDB tells a full volume by the number."""
    if _NO_SPACE.search(words):
        return DiskFull(f"the instance's volume is full: use a larger volume ({what}: {words})")
    return EngineError(f"{what}: {words}")


def stop(server: Server) -> None:
    """Stop, ending the sessions, also for the next boots; nothing happens when it does not run. Raises EngineError."""
    service.unregister(server.facts, server.name)
    pid = _pid(server)
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + _STOP_SECONDS
    while runs(server):
        if time.monotonic() > limit:
            raise EngineError(f"{server.product.label} did not stop within {_STOP_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)


def runs(server: Server) -> bool:
    """Whether the server's process is there; it may still be recovering from a crash."""
    return _pid(server) is not None


def process(server: Server) -> str | None:
    """What tells the server's process from every other one; None when there is none."""
    pid = _pid(server)
    return None if pid is None else f"{boot_id()} {pid} {start_time(pid)}"


def _pid(server: Server) -> int | None:
    """The process in the pid file, if it works in the data directory: another one may have been given its number."""
    try:
        pid = int(files.tail(server.pid_file, _TAIL_BYTES))
        here = Path(f"/proc/{pid}/cwd").resolve(strict=True) == server.data.resolve()
    except (OSError, ValueError):
        return None
    return pid if here else None


def _answers(server: Server) -> bool:
    try:
        server.sql("DO 0;\n")
    except NotRunning:
        return False
    return True


def _script(server: Server) -> str:
    """Shell text that starts the server, unless it runs, and waits until it answers or ends.

    The server writes its pid file only after crash recovery, so the script does it first. The orphans of a killed
    server must not meet a new one. The pid file of one that ends before it answers goes.
    """
    real = str(server.data.resolve())
    names = (
        server.program(server.product.server), server.program(server.product.client), server.option_file, real,
        re.sub(r"([*?\[\]\\])", r"\\\1", real), server.pid_file, server.socket, server.facts.log / "start.log",
    )  # fmt: skip
    program, client, options, data, like, pid_file, socket, log = (shlex.quote(str(name)) for name in names)
    return f"""\
works_here() {{ find /proc/[0-9]*/cwd -maxdepth 0 -lname {like} 2>/dev/null | grep -q .; }}
number=$(cat {pid_file} 2>/dev/null || :)
if [ -z "$number" ] || [ "$(readlink "/proc/$number/cwd")" != {data} ]; then
    tries={_ORPHAN_TENTHS}
    while [ $tries -gt 0 ] && works_here; do sleep 0.1; tries=$((tries - 1)); done
    rm -f {pid_file} {socket}
    cd {data}
    setsid {program} --defaults-file={options} </dev/null >{log} 2>&1 &
    number=$!
    echo $number >{pid_file}
fi
while [ -e "/proc/$number/exe" ]; do
    if {client} --defaults-file={options} -e 'DO 0' >/dev/null 2>&1; then exit 0; fi
    sleep 0.05
done
rm -f {pid_file}
exit 1"""


def _does_not_start(server: Server, since: dict[Path, int]) -> EngineError:
    return failed(f"{server.product.label} does not start", _last_words(server, since))


def _logs(server: Server) -> list[Path]:
    return [server.facts.log / "start.log", server.facts.log / "error.log"]


def _sizes(server: Server) -> dict[Path, int]:
    return {path: path.stat().st_size if path.exists() and path.name == "error.log" else 0 for path in _logs(server)}


def _last_words(server: Server, since: dict[Path, int]) -> str:
    """The errors that the server's logs tell since those sizes."""
    lines = [line for path, size in since.items() for line in files.tail(path, _TAIL_BYTES, size).splitlines() if line]
    told = [line for line in lines if _TOLD.search(line)]
    reasons = [line for line in told if not any(words in line for words in _SAID_BY_EVERY_FAILURE)]
    return "\n".join((reasons or told or lines)[-_TAIL_LINES:]) or f"it left no word in {server.facts.log}"

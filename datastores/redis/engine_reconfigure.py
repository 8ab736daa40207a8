"""Changing the settings of a server: all of them or none.

1. A trial: the server's own program starts with the settings, without data, network and users, and under a limit of
   memory. What it refuses gets no further; what it makes of them is what the server is to show.
2. The configuration is replaced, the one before it kept beside.
3. CONFIG SET gives the running server what differs, at once or not at all. Settings that it cannot change while it runs
   wait for its next start; when it refuses one, the configuration before comes back.

All can be done again after a crash between them. A restart that fails with new settings goes back to the configuration
with which the server started last.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from datastores.host import files
from datastores.host.errors import EngineError
from datastores.host.process import start_time
from datastores.protocol.engine import Settings
from datastores.redis import engine_config, engine_start
from datastores.redis.engine_client import Client, ConnectionsTaken, Refused
from datastores.redis.engine_server import Server

_PROGRAM_KIB = 512 * 1024  # address space of the program itself
_LIMITED = 'ulimit -v "$1"; shift; exec "$@"'
_TRIAL_SECONDS = 20.0
_POLL_SECONDS = 0.02
_SAID_BYTES = 2000
_REASON = re.compile(r"^>>> '([a-z0-9-]+).*\n(.*)$", re.MULTILINE)
_IMMUTABLE = re.compile(r"argument '([^']+)'\) - can't set immutable config")


def apply(server: Server, settings: Settings) -> None:
    """Make these the server's settings. Raises EngineError with the server's words; then nothing has changed."""
    content = engine_config.text(server, settings)
    meant = _try(server, settings)
    current = server.conf.read_text(encoding="utf-8")
    if current != content:
        _write(server, "before", current)
        engine_config.replace(server, content)
    if engine_start.runs(server):
        before = _beside(server, "before")
        known = before.read_text(encoding="utf-8") if before.exists() else current
        names = {name for text in (content, current, known) for name in engine_config.names(text)}
        try:
            _set(server, {name: meant[name] for name in names if name in meant})
        except Refused as refused:
            engine_config.replace(server, known)
            raise EngineError(f"{server.product.title} refuses the settings: {refused}") from refused


def restart_required(server: Server) -> bool:
    """Whether a setting waits for the server's next start."""
    waiting = files.read_json(_beside(server, "waiting"))
    return waiting is not None and engine_start.runs(server) and bool(waiting == _process(server))


def keep(server: Server) -> None:
    """Remember the configuration with which the server has just started."""
    content = server.conf.read_text(encoding="utf-8")
    if started_with(server) != content:
        _write(server, "started", content)


def started_with(server: Server) -> str:
    """The configuration with which the server started last; empty when it never did."""
    started = _beside(server, "started")
    return started.read_text(encoding="utf-8") if started.exists() else ""


def go_back(server: Server) -> bool:
    """Take the configuration with which the server started last; whether it is another than now."""
    started = started_with(server)
    if started in {"", server.conf.read_text(encoding="utf-8")}:
        return False
    engine_config.replace(server, started)
    return True


def _set(server: Server, meant: dict[str, str]) -> None:
    """Give the running server what differs; note whether something has to wait. Raises Refused.

    Everything waits for the next start while tenants have all connections: `maxclients` can be raised by it, then.
    """
    process, waiting = _process(server), True
    with contextlib.suppress(ConnectionsTaken), server.admin() as client:
        shown = _shown(client)
        differing = {name: value for name, value in meant.items() if shown.get(name) != value}
        waiting = _set_together(client, differing)
    note = _beside(server, "waiting")
    if waiting:
        files.write_json(note, process)
    else:
        note.unlink(missing_ok=True)


def _process(server: Server) -> dict[str, Any]:
    """What tells the running server from one that is started later."""
    pid = server.daemon.pid()
    return {"pid": pid, "start_time": start_time(pid)}


def _set_together(client: Client, values: dict[str, str]) -> bool:
    """CONFIG SET takes all or none; without those that it can never change, which it names. Raises Refused."""
    values, waiting = dict(values), False
    while values:
        try:
            client.command("CONFIG", "SET", *(word for pair in sorted(values.items()) for word in pair))
            break
        except Refused as refused:
            immutable = _IMMUTABLE.search(str(refused))
            if immutable is None or values.pop(immutable[1], None) is None:
                raise
            waiting = True
    return waiting


def _shown(client: Client) -> dict[str, str]:
    answer = client.command("CONFIG", "GET", "*")
    return dict(zip(answer[::2], answer[1::2]))


def _try(server: Server, settings: Settings) -> dict[str, str]:
    """All settings as a server with these shows them. Raises EngineError."""
    with tempfile.TemporaryDirectory(prefix="trial-", dir=server.facts.run) as name, tempfile.TemporaryFile() as said:
        directory = Path(name)
        server.facts.give(directory)
        own = {"port": 0, "unixsocket": directory / "s", "dir": directory, "save": "", "appendonly": False}
        with _trial(server, engine_config.lines(settings) + engine_config.lines(own), said) as process:
            shown = _ask(server, process, directory / "s", said)
    for setting, value in settings.items():
        asked = engine_config.value(value)
        if asked.isdigit() and shown.get(setting, asked).isdigit() and int(shown.get(setting, asked)) != int(asked):
            raise EngineError(f"this host can give {setting} {shown[setting]}, not {asked}")
    return shown


@contextlib.contextmanager
def _trial(server: Server, content: str, said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    limit = str(server.facts.memory_mb * 1024 + _PROGRAM_KIB)
    command: list[str | Path] = ["sh", "-c", _LIMITED, "sh", limit, server.program, "-"]
    process = server.programs.popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
    try:
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(content.encode())
        yield process
    finally:
        process.kill()
        process.wait()


def _ask(server: Server, process: subprocess.Popen[bytes], socket: Path, said: IO[bytes]) -> dict[str, str]:
    limit = time.monotonic() + _TRIAL_SECONDS
    while time.monotonic() < limit:
        with contextlib.suppress(EngineError), Client(socket) as client:
            return _shown(client)
        if process.poll() is not None:
            said.seek(max(0, said.seek(0, 2) - _SAID_BYTES))
            words = said.read().decode("utf-8", "replace")
            reason = _REASON.search(words)
            why = f"{reason[1]}: {reason[2]}" if reason else words.strip().rpartition("\n")[2]
            raise EngineError(f"{server.product.title} refuses the settings: {why}")
        time.sleep(_POLL_SECONDS)
    raise EngineError(f"{server.product.title} did not try the settings within {_TRIAL_SECONDS:g} s")


def _beside(server: Server, word: str) -> Path:
    return server.conf.with_name(f"{server.conf.name}.{word}")


def _write(server: Server, word: str, content: str) -> None:
    files.write_text(_beside(server, word), content)

"""The server's process, its settings, and how they change."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from datastores.host import files
from datastores.host.daemon import Daemon
from datastores.host.errors import EngineError
from datastores.host.facts import Facts
from datastores.host.process import Programs
from datastores.memcached import engine_options, engine_tls
from datastores.protocol.engine import Settings

NAME = "memcached"
_TRIAL_SECONDS = 20.0
_POLL_SECONDS = 0.02
_SAID_BYTES = 2000
_TAIL_LINES = 5


@dataclass(frozen=True)
class Server:
    """One server. `program` is its executable."""

    facts: Facts
    programs: Programs
    program: Path
    port: int

    @property
    def directory(self) -> Path:
        """Where its process works; it keeps nothing there."""
        return self.facts.run / NAME

    @property
    def log(self) -> Path:
        """What it says."""
        return self.facts.log / f"{NAME}.log"

    @property
    def daemon(self) -> Daemon:
        """The process."""
        return Daemon(self.programs, NAME, self.directory, self.log)

    @property
    def settings_file(self) -> Path:
        """The settings of the next start."""
        return self.facts.conf / f"{NAME}.json"

    @property
    def started_file(self) -> Path:
        """The settings of the last start."""
        return self.facts.conf / f"{NAME}.json.started"


def start(server: Server) -> None:
    """Start unless it runs, and register for the host's boot. Raises EngineError with the log's last words.

    It writes its pid file when it accepts connections; the daemon's own is there before.
    """
    accepting = server.directory / "accepting.pid"
    settings = files.read_json(server.settings_file) or {}
    network = engine_options.network(server.facts, server.port, tls=_has_tls(server))
    command = engine_options.command(server.program, settings, *network, f"--pidfile={accepting}")
    path = shlex.quote(str(accepting))
    server.daemon.register(command, f"[ -s {path} ]", f"rm -f {path}")
    if server.daemon.runs():
        return
    since = server.log.stat().st_size if server.log.exists() else 0
    try:
        server.daemon.start()
    except EngineError as error:
        words = files.tail(server.log, _SAID_BYTES, since).strip().splitlines()[-_TAIL_LINES:]
        raise EngineError(f"memcached does not start: {' '.join(words) or 'it gave no reason'}") from error
    files.write_json(server.started_file, settings)


def version(server: Server) -> str | None:
    """The program's version."""
    words = server.programs.run([server.program, "--version"]).split()
    return words[1] if len(words) > 1 else None


def apply(server: Server, settings: Settings) -> None:
    """Make these the settings of the next start. Raises EngineError when the server refuses them."""
    current = files.read_json(server.settings_file) or {}
    try:
        _try(server, settings)
    except EngineError as error:
        names = sorted(name for name, value in settings.items() if current.get(name) != value)
        raise EngineError(f"memcached refuses {', '.join(names) or 'the settings'}: {error}") from error
    files.write_json(server.settings_file, settings)


def restart_required(server: Server) -> bool:
    """Whether settings wait for the next start."""
    return server.daemon.runs() and files.read_json(server.settings_file) != files.read_json(server.started_file)


def go_back(server: Server) -> bool:
    """Take the settings of the last start; whether they are others than now."""
    started = files.read_json(server.started_file)
    if started is None or started == files.read_json(server.settings_file):
        return False
    files.write_json(server.settings_file, started)
    return True


def _try(server: Server, settings: Settings) -> None:
    """Start a server with the settings on a socket in a directory of its own. Raises EngineError with its words."""
    with tempfile.TemporaryDirectory(prefix="trial-", dir=server.facts.run) as name, tempfile.TemporaryFile() as said:
        server.facts.give(Path(name))
        socket = Path(name) / "s"
        command = engine_options.command(server.program, settings, f"--unix-socket={socket}")
        process = server.programs.popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            _await(process, socket, said)
        finally:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], socket: Path, said: IO[bytes]) -> None:
    limit = time.monotonic() + _TRIAL_SECONDS
    while not socket.exists():
        if process.poll() is not None:
            said.seek(0)
            raise EngineError(said.read(_SAID_BYTES).decode("utf-8", "replace").strip() or "it gave no reason")
        if time.monotonic() > limit:
            raise EngineError(f"it did not start within {_TRIAL_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)


def _has_tls(server: Server) -> bool:
    """Whether this host has a certificate for the server and a build that can use it."""
    return server.facts.has_certificate and engine_tls.ENABLE in server.programs.run([server.program, "--help"])

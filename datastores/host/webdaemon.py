"""A server that answers HTTP, as a daemon: up when it answers, and its last words when it does not start."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datastores.host import last_words
from datastores.host.daemon import Daemon
from datastores.host.errors import EngineError
from datastores.host.last_words import LastWords
from datastores.host.logs import Log
from datastores.host.process import Programs

_TELLING = re.compile(r"fatal|panic|error|cannot|run:", re.IGNORECASE)
# A port must be the server's own, not another's that has it already. A socket can be connected to before the server
# serves it, so there a byte of an answer counts.
_IS_UP = """\
import os, socket, sys
number, where = sys.argv[1:]
if where.isdigit():
    descriptors = "/proc/" + number + "/fd"
    sockets = {os.readlink(descriptors + "/" + name) for name in os.listdir(descriptors)}
    rows = [row.split() for table in ("/proc/net/tcp", "/proc/net/tcp6") for row in open(table)]
    sys.exit(not any(
        row[1].endswith(":%04X" % int(where)) and row[3] == "0A" and "socket:[%s]" % row[9] in sockets for row in rows
    ))
with socket.socket(socket.AF_UNIX) as server:
    server.settimeout(5)
    server.connect(where)
    server.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    sys.exit(not server.recv(1))
"""


@dataclass(frozen=True)
class WebDaemon:
    """A server: its `name` on the host and for people (`title`), the command that runs it, and the socket or the port
    where it answers once it is up."""

    programs: Programs
    name: str
    title: str
    command: Sequence[str | Path]
    answers: Path | int

    @property
    def directory(self) -> Path:
        """Its working directory, with its sockets and nothing else; it is there before the first start."""
        directory = self.programs.facts.run / self.name
        if not directory.exists():
            directory.mkdir(mode=0o700)
            self.programs.facts.chown(directory)
        return directory

    @property
    def log(self) -> Log:
        """What it says, and said before the last time that this became long."""
        return Log((self._log_file.with_suffix(".log.1"), self._log_file))

    def start(self) -> None:
        """Start unless it runs, wait until it answers, and register for the host's boot.

        Nothing but its own end ends the waiting, for recovery after a crash takes what it takes. Raises EngineError
        with the log's last words, DiskFull when they say so.
        """
        python = shlex.quote(self.programs.facts.python)
        ready = f"{python} -Ic {shlex.quote(_IS_UP)} $number {shlex.quote(str(self.answers))} 2>/dev/null"
        self._daemon.register(self.command, ready, "rm -f ./*")
        if self.runs():
            return
        last_words.rotate(self._log_file)
        since = last_words.sizes([self._log_file])
        try:
            self._daemon.start()
        except EngineError as error:
            raise LastWords(self.title, _TELLING).failure(since) from error

    def stop(self) -> None:
        """Stop, also for the next boots, and wait for the end; nothing happens when it does not run. Raises
        EngineError."""
        self._daemon.stop()

    def runs(self) -> bool:
        """Whether its process is there."""
        return self._daemon.runs()

    def variable(self, name: str) -> str | None:
        """A variable of the environment of the process that runs; None when there is none."""
        wanted = f"{name}=".encode()
        variables = Path(f"/proc/{self._daemon.pid()}/environ").read_bytes().split(b"\0") if self.runs() else []
        return next((item[len(wanted) :].decode() for item in variables if item.startswith(wanted)), None)

    @property
    def _daemon(self) -> Daemon:
        return Daemon(self.programs, self.name, self.directory, self._log_file)

    @property
    def _log_file(self) -> Path:
        return self.programs.facts.log / f"{self.name}.log"

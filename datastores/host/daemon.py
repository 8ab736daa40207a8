"""A server that does not detach itself: it gets a session of its own, and is known by its pid file and the directory it
works in."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datastores.host import service
from datastores.host.errors import EngineError
from datastores.host.process import Programs, server_of

_STOP_SECONDS = 60.0
_KILLED_SECONDS = 10.0
_POLL_SECONDS = 0.02
_SCRIPT = """\
runs() {{ [ -n "$1" ] && [ "$(readlink "/proc/$1/cwd")" = {here} ]; }}
if runs "$(cat {pid} 2>/dev/null)"; then exit 0; fi
{await_orphans}
works_here || ( cd {here} && {clean} )
cd {here}
said=$(stat -c %s {log} 2>/dev/null || echo 0)
setsid {command} </dev/null >>{log} 2>&1 &
number=$!
echo $number >{pid}.new
mv {pid}.new {pid}
while runs $number; do
    if {ready}; then exit 0; fi
    sleep 0.05
done
exit 1"""
"""`said` is the log's size before the start, for `ready`."""


@dataclass(frozen=True)
class Daemon:
    """The server `name`. Only it and its children work in `directory`; what it writes to its outputs goes to `log`."""

    programs: Programs
    name: str
    directory: Path
    log: Path

    @property
    def pid_file(self) -> Path:
        """The number of its process."""
        return self.programs.facts.run / f"{self.name}.pid"

    def runs(self) -> bool:
        """Whether the process of the pid file is this server."""
        return server_of(self.pid_file, self.directory) is not None

    def pid(self) -> int:
        """The number in the pid file. Raises OSError, ValueError when there is none."""
        return int(self.pid_file.read_text())

    def register(self, command: Sequence[str | Path], ready: str, clean: str) -> None:
        """Write the boot script. `ready` and `clean` are shell text in the directory: a condition that holds when
        connections are accepted, and a command that removes the leftovers of a server that was killed."""
        words = {"here": self.directory.resolve(), "pid": self.pid_file, "log": self.log}
        quoted = {name: shlex.quote(str(word)) for name, word in words.items()}
        run = shlex.join(str(word) for word in command)
        orphans = service.await_orphans(self.directory)
        script = _SCRIPT.format(await_orphans=orphans, command=run, ready=ready, clean=clean, **quoted)
        service.register(self.programs, self.name, script)

    def start(self) -> None:
        """Run the boot script. Raises EngineError when the server ends before it accepts connections."""
        service.start(self.programs.facts, self.name)

    def stop(self) -> None:
        """Ask it to end, kill it if it does not, also for the next boots. Raises EngineError when it outlives that."""
        service.unregister(self.programs.facts, self.name)
        for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _KILLED_SECONDS)):
            if not self.runs():
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid(), number)
            limit = time.monotonic() + seconds
            while self.runs() and time.monotonic() < limit:
                time.sleep(_POLL_SECONDS)
        if self.runs():
            raise EngineError(f"{self.name} does not end: restart the host")

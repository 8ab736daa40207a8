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
from typing import IO

from datastores.host import files
from datastores.host.errors import EngineError
from datastores.host.process import identity
from datastores.host.roles import tuning
from datastores.host.settings import SettingsFile
from datastores.protocol.engine import Settings
from datastores.redis.engine import config
from datastores.redis.engine.client import Client, ConnectionsTaken, Refused
from datastores.redis.engine.node import Node

_TRIAL_SECONDS = 20.0
_POLL_SECONDS = 0.02
_SAID_BYTES = 2000
_REASON = re.compile(r"^>>> '([a-z0-9-]+).*\n(.*)$", re.MULTILINE)
_IMMUTABLE = re.compile(r"argument '([^']+)'\) - can't set immutable config")


class Tuning(tuning.Tuning):
    """Settings are lines of the configuration, which the running server is given, too."""

    node: Node

    @property
    def settings_file(self) -> SettingsFile:
        return self.node.settings_file

    def reconfigure(self, settings: Settings) -> None:
        node, content = self.node, config.text(self.node, settings)
        meant = _try(node, settings)
        self.settings_file.replace(content)
        if node.daemon.runs():
            names = config.names(content) | config.names(self.settings_file.before())
            try:
                _set(node, {name: meant[name] for name in names if name in meant})
            except Refused as refused:
                self.settings_file.undo()
                raise EngineError(f"{node.product.title} refuses the settings: {refused}") from refused

    def restart_required(self) -> bool:
        waiting = files.read_json(_waiting(self.node))
        return waiting is not None and self.node.daemon.runs() and bool(waiting == _process(self.node))


def _set(node: Node, meant: dict[str, str]) -> None:
    """Give the running server what differs; note whether something has to wait. Raises Refused.

    Everything waits for the next start while tenants have all connections: `maxclients` can be raised by it, then.
    """
    process, waiting = _process(node), True
    with contextlib.suppress(ConnectionsTaken), node.admin() as client:
        shown = _shown(client)
        differing = {name: value for name, value in meant.items() if shown.get(name) != value}
        waiting = _set_together(client, differing)
    note = _waiting(node)
    if waiting:
        files.write_json(note, process)
    else:
        note.unlink(missing_ok=True)


def _process(node: Node) -> dict[str, str]:
    return {"process": identity(node.daemon.pid())}


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


def _try(node: Node, settings: Settings) -> dict[str, str]:
    """All settings as a server with these shows them. Raises EngineError."""
    with node.temporary("trial") as directory, tempfile.TemporaryFile() as said:
        own = {"port": 0, "unixsocket": directory / "s", "dir": directory, "save": "", "appendonly": False}
        with _trial(node, config.lines(settings) + config.lines(own), said) as process:
            shown = _ask(node, process, directory / "s", said)
    for setting, value in settings.items():
        asked = config.value(value)
        if asked.isdigit() and shown.get(setting, asked).isdigit() and int(shown.get(setting, asked)) != int(asked):
            raise EngineError(f"this host can give {setting} {shown[setting]}, not {asked}")
    return shown


@contextlib.contextmanager
def _trial(node: Node, content: str, said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = node.programs.popen(node.limited(node.program, "-"), stdin=subprocess.PIPE, stdout=said, stderr=said)
    try:
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(content.encode())
        yield process
    finally:
        process.kill()
        process.wait()


def _ask(node: Node, process: subprocess.Popen[bytes], socket: Path, said: IO[bytes]) -> dict[str, str]:
    limit = time.monotonic() + _TRIAL_SECONDS
    while time.monotonic() < limit:
        with contextlib.suppress(EngineError), Client(socket) as client:
            return _shown(client)
        if process.poll() is not None:
            said.seek(max(0, said.seek(0, 2) - _SAID_BYTES))
            words = said.read().decode("utf-8", "replace")
            reason = _REASON.search(words)
            why = f"{reason[1]}: {reason[2]}" if reason else words.strip().rpartition("\n")[2]
            raise EngineError(f"{node.product.title} refuses the settings: {why}")
        time.sleep(_POLL_SECONDS)
    raise EngineError(f"{node.product.title} did not try the settings within {_TRIAL_SECONDS:g} s")


def _waiting(node: Node) -> Path:
    """The file that names the process for whose end settings wait."""
    return node.facts.conf / f"{node.name}.conf.waiting"

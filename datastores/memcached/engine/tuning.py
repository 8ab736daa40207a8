"""Changes of settings: all wait for the next start, after a server with them was tried."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from datastores.host import files
from datastores.host.errors import EngineError
from datastores.host.roles import tuning
from datastores.host.settings import SettingsFile
from datastores.memcached.engine import options
from datastores.memcached.engine.node import Node
from datastores.protocol.engine import Settings

_TRIAL_SECONDS = 20.0
_POLL_SECONDS = 0.02
_SAID_BYTES = 2000


class Tuning(tuning.Tuning):
    """Settings are options of the next start."""

    node: Node

    @property
    def settings_file(self) -> SettingsFile:
        return self.node.settings_file

    def reconfigure(self, settings: Settings) -> None:
        current = files.read_json(self.settings_file.path) or {}
        try:
            _try(self.node, settings)
        except EngineError as error:
            names = sorted(name for name, value in settings.items() if current.get(name) != value)
            raise EngineError(f"memcached refuses {', '.join(names) or 'the settings'}: {error}") from error
        self.node.write(self.settings_file.path, json.dumps(settings, sort_keys=True))

    def restart_required(self) -> bool:
        return self.node.daemon.runs() and not self.settings_file.is_started()


def _try(node: Node, settings: Settings) -> None:
    """Start a server with the settings on a socket in a directory of its own. Raises EngineError with its words."""
    with node.temporary("trial") as directory, tempfile.TemporaryFile() as said:
        socket = directory / "s"
        command = options.command(node.program, settings, f"--unix-socket={socket}")
        process = node.programs.popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
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

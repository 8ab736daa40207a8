"""Changing the settings of a server: all of them or none.

1. A trial: the server's own program reads the new file and takes the memory it asks for, in a directory of its own and
   under a limit (`postgres --check`, as initdb uses it). What it refuses gets no further.
2. host.conf is replaced, the file before it kept beside.
3. pg_file_settings tells what the running server would say. Anything but a setting that waits for a restart puts the
   file before it back.
4. The server reloads. Steps 2 to 4 can be done again after a crash between them.

A restart that fails with new settings goes back to the file with which the server started last.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from datastores.host import files
from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.roles import tuning
from datastores.host.settings import SettingsFile
from datastores.postgresql.engine import config
from datastores.postgresql.engine.node import Node
from datastores.protocol.engine import Settings

_RELOAD_SECONDS = 10.0
_POLL_SECONDS = 0.05
_SAID = re.compile(r"(?:LOG|FATAL|ERROR|PANIC|HINT): +(.*)")
_SAID_BY_EVERY_TRIAL = ("skipping missing configuration file", "contains errors")
_TRIAL_OPTIONS = ("log_min_messages=warning", "log_line_prefix=", "logging_collector=off", "lc_messages=C")
_REFUSED = """
SELECT coalesce(f.name || ': ', '') || f.error FROM pg_file_settings AS f
 WHERE f.error IS NOT NULL AND NOT EXISTS (
       SELECT FROM pg_settings AS s WHERE lower(s.name) = lower(f.name) AND s.context = 'postmaster')
   AND (f.name IS NOT NULL OR f.error NOT LIKE 'parameter "%" cannot be changed without restarting the server')
"""
"""What the file is refused for. Not for a parameter that waits for a restart; one taken out has no name here."""


class Tuning(tuning.Tuning):
    """Settings are lines of host.conf."""

    node: Node

    @property
    def settings_file(self) -> SettingsFile:
        return self.node.host_conf

    def reconfigure(self, settings: Settings) -> None:
        node, text = self.node, config.host_conf(self.node, settings)
        _try(node, text)
        self.settings_file.replace(text)
        node.own_settings()
        if node.runs():
            if refused := node.psql(_REFUSED).splitlines():
                self.settings_file.undo()
                raise EngineError(f"PostgreSQL refuses the settings: {refused[0]}")
            reload(node)

    def restart_required(self) -> bool:
        return self.node.runs() and self.node.psql("SELECT count(*) FROM pg_settings WHERE pending_restart;") != "0"


def _try(node: Node, text: str) -> None:
    with node.temporary("trial") as trial:
        (trial / "pg_notify").mkdir()
        (trial / "PG_VERSION").write_text(f"{node.major}\n")
        files.write_text(trial / "postgresql.conf", text)
        for path in trial.iterdir():
            node.facts.chown(path)
        options = [word for option in _TRIAL_OPTIONS for word in ("-c", option)]
        try:
            node.programs.run(node.limited(node.bin / "postgres", "--check", "-D", trial, *options))
        except ProgramFailed as error:
            words = " ".join(_words(str(error))) or str(error)
            raise EngineError(f"PostgreSQL refuses the settings: {words}") from error


def _words(said: str) -> Iterator[str]:
    for line in said.splitlines():
        found = _SAID.search(line)
        if found and not any(usual in line for usual in _SAID_BY_EVERY_TRIAL):
            yield found[1]


def reload(node: Node) -> None:
    """Reload settings and certificate, and wait until new sessions have what was loaded. Raises EngineError."""
    node.own_settings()
    loaded = node.psql("SELECT pg_conf_load_time();")
    node.psql("SELECT pg_reload_conf();")
    limit = time.monotonic() + _RELOAD_SECONDS
    while node.psql("SELECT pg_conf_load_time();") == loaded:
        if time.monotonic() > limit:
            raise EngineError(f"PostgreSQL did not load its settings within {_RELOAD_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)

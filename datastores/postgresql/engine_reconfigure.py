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
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from datastores.host import files
from datastores.host.errors import EngineError, ProgramFailed
from datastores.postgresql import engine_config, engine_start
from datastores.postgresql.engine_cluster import Cluster
from datastores.protocol.engine import Settings

_RELOAD_SECONDS = 10.0
_POLL_SECONDS = 0.05
_PROGRAM_KIB = 512 * 1024  # address space of the program itself, libraries and locales among it
_LIMITED = 'ulimit -v "$1"; shift; exec "$@"'
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


def apply(cluster: Cluster, settings: Settings) -> None:
    """Make these the server's settings. Raises EngineError with PostgreSQL's words; then nothing has changed."""
    text = engine_config.host_conf(cluster, settings)
    _try(cluster, text)
    current, before = cluster.host_conf, _beside(cluster, "before")
    if current.read_text(encoding="utf-8") != text:
        _write(cluster, before, current.read_text(encoding="utf-8"))
        _write(cluster, current, text)
    cluster.own_settings()
    if engine_start.runs(cluster):
        if refused := cluster.psql(_REFUSED).splitlines():
            _write(cluster, current, before.read_text(encoding="utf-8"))
            raise EngineError(f"PostgreSQL refuses the settings: {refused[0]}")
        reload(cluster)


def restart_required(cluster: Cluster) -> bool:
    """Whether a setting waits for the server's next start."""
    if not engine_start.runs(cluster):
        return False
    return cluster.psql("SELECT count(*) FROM pg_settings WHERE pending_restart;") != "0"


def keep(cluster: Cluster) -> None:
    """Remember the settings with which the server has just started."""
    text = cluster.host_conf.read_text(encoding="utf-8")
    started = _beside(cluster, "started")
    if not started.exists() or started.read_text(encoding="utf-8") != text:
        _write(cluster, started, text)


def go_back(cluster: Cluster) -> bool:
    """Take the settings with which the server started last; whether they are others than now."""
    started = _beside(cluster, "started")
    if not started.exists() or started.read_text(encoding="utf-8") == cluster.host_conf.read_text(encoding="utf-8"):
        return False
    _write(cluster, cluster.host_conf, started.read_text(encoding="utf-8"))
    return True


def _try(cluster: Cluster, text: str) -> None:
    with tempfile.TemporaryDirectory(prefix="trial-", dir=cluster.facts.run) as name:
        trial = Path(name)
        (trial / "pg_notify").mkdir()
        (trial / "PG_VERSION").write_text(f"{cluster.major}\n")
        files.write_text(trial / "postgresql.conf", text)
        for path in (trial, *trial.iterdir()):
            cluster.facts.give(path)
        limit = str(cluster.facts.memory_mb * 1024 + _PROGRAM_KIB)
        command: list[str | Path] = [
            "sh",
            "-c",
            _LIMITED,
            "sh",
            limit,
            cluster.bin / "postgres",
            "--check",
            "-D",
            trial,
        ]
        for option in _TRIAL_OPTIONS:
            command += ["-c", option]
        try:
            cluster.programs.run(command)
        except ProgramFailed as error:
            words = " ".join(_words(str(error))) or str(error)
            raise EngineError(f"PostgreSQL refuses the settings: {words}") from error


def _words(said: str) -> Iterator[str]:
    for line in said.splitlines():
        found = _SAID.search(line)
        if found and not any(usual in line for usual in _SAID_BY_EVERY_TRIAL):
            yield found[1]


def reload(cluster: Cluster) -> None:
    """Reload settings and certificate, and wait until new sessions have what was loaded. Raises EngineError."""
    cluster.own_settings()
    loaded = cluster.psql("SELECT pg_conf_load_time();")
    cluster.psql("SELECT pg_reload_conf();")
    limit = time.monotonic() + _RELOAD_SECONDS
    while cluster.psql("SELECT pg_conf_load_time();") == loaded:
        if time.monotonic() > limit:
            raise EngineError(f"PostgreSQL did not load its settings within {_RELOAD_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)


def _beside(cluster: Cluster, word: str) -> Path:
    return cluster.host_conf.with_name(f"{cluster.host_conf.name}.{word}")


def _write(cluster: Cluster, path: Path, text: str) -> None:
    files.write_text(path, text)
    cluster.facts.give(path)

"""Starting and stopping the server."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from datastores.host import files, service
from datastores.host.errors import EngineError, ProgramFailed
from datastores.postgresql import engine_floors, engine_way_in
from datastores.postgresql.engine_cluster import Cluster, ConnectionRefused

NAME = "postgresql"
_STOP_SECONDS = 120
_RECOVERY_SECONDS = 86400  # crash recovery takes what it takes; the job's own limit ends the waiting
_ORPHAN_TENTHS = 100
_TAIL_BYTES = 4000
_TAIL_LINES = 5
_SAID_BY_EVERY_START = (
    "redirecting log output",
    "Future log output",
    "starting PostgreSQL",
    "listening on",
    "database system is shut down",
)


def start(cluster: Cluster) -> None:
    """Start unless it runs, register for the host's boot, and see that the service can work in it.

    Raises EngineError with the log's last words.
    """
    service.register(cluster.programs, NAME, _script(cluster))
    if not runs(cluster):
        _start(cluster)
    try:
        cluster.psql("SELECT 1;")
    except ConnectionRefused:
        stop(cluster)
        engine_way_in.open_at_rest(cluster)
        service.register(cluster.programs, NAME, _script(cluster))
        _start(cluster)
        cluster.psql("SELECT 1;")


def _start(cluster: Cluster) -> None:
    engine_floors.write(cluster)
    since = _sizes(cluster)
    try:
        service.start(cluster.facts, NAME)
    except EngineError as error:
        raise EngineError(f"PostgreSQL does not start: {_last_words(cluster, since)}") from error


def stop(cluster: Cluster) -> None:
    """Stop, ending the sessions, also for the next boots; nothing happens when it does not run."""
    service.unregister(cluster.facts, NAME)
    if runs(cluster):
        limit = str(_STOP_SECONDS)
        cluster.programs.run([cluster.bin / "pg_ctl", "-D", cluster.data, "-m", "fast", "-w", "-t", limit, "stop"])


@contextlib.contextmanager
def privately(cluster: Cluster) -> Iterator[None]:
    """Inside the block the server runs without listening on the network. Raises EngineError: it does not start."""
    control: list[str | Path] = [cluster.bin / "pg_ctl", "-D", cluster.data, "-s", "-w"]
    cluster.own_settings()
    engine_floors.write(cluster)
    since = _sizes(cluster)
    try:
        cluster.programs.run([*control, "-l", _start_log(cluster), "-o", "-c listen_addresses=''", "start"])
    except ProgramFailed as error:
        raise EngineError(f"PostgreSQL does not start: {_last_words(cluster, since)}") from error
    try:
        yield
    finally:
        cluster.programs.run([*control, "-m", "fast", "-t", str(_STOP_SECONDS), "stop"])


def runs(cluster: Cluster) -> bool:
    """Whether a server runs on the data directory."""
    return runs_in(cluster.data)


def runs_in(data: Path) -> bool:
    """Whether the process named by postmaster.pid is a server of this data directory: its working directory tells."""
    lines = files.tail(data / "postmaster.pid", _TAIL_BYTES).splitlines()
    if not lines:
        return False
    try:
        return Path(f"/proc/{int(lines[0])}/cwd").resolve(strict=True) == data.resolve()
    except (OSError, ValueError):
        return False


def _script(cluster: Cluster) -> str:
    """Shell text that starts the server.

    After a crash the server refuses to start while a process has the number in postmaster.pid or in the socket's lock
    file, even another one. Both go first, but only when no process works in the data directory: orphans of a killed
    server do for a moment, and must not meet a new one. What ALTER SYSTEM wrote is dropped: the settings are the
    service's and the configuration group's.
    """
    real = str(cluster.data.resolve())
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", real)
    lock = cluster.facts.run / f".s.PGSQL.{cluster.port}.lock"
    names = (
        cluster.bin / "pg_ctl", real, pattern, _start_log(cluster), cluster.data / "postmaster.pid", lock,
        cluster.auto_conf,
    )  # fmt: skip
    pg_ctl, data, like, start_log, pid, socket_lock, auto_conf = (shlex.quote(str(name)) for name in names)
    return f"""\
works_here() {{ find /proc/[0-9]*/cwd -maxdepth 0 -lname {like} 2>/dev/null | grep -q .; }}
number=$(head -n 1 {pid} 2>/dev/null || :)
if [ -n "$number" ] && [ "$(readlink "/proc/$number/cwd")" = {data} ]; then exit 0; fi
tries={_ORPHAN_TENTHS}
while [ $tries -gt 0 ] && works_here; do sleep 0.1; tries=$((tries - 1)); done
works_here || rm -f {pid} {socket_lock}
: >{auto_conf}
exec {pg_ctl} -D {data} -l {start_log} -s -w -t {_RECOVERY_SECONDS} start </dev/null"""


def _start_log(cluster: Cluster) -> Path:
    return cluster.facts.log / "start.log"


def _logs(cluster: Cluster) -> list[Path]:
    collected = [*cluster.facts.log.glob("postgresql-*.log"), _start_log(cluster)]
    return sorted((path for path in collected if path.exists()), key=lambda path: path.stat().st_mtime)


def _sizes(cluster: Cluster) -> dict[Path, int]:
    return {path: path.stat().st_size for path in _logs(cluster)}


def _last_words(cluster: Cluster, since: dict[Path, int]) -> str:
    """What the server's logs say since those sizes, without what every start says."""
    lines = [
        line
        for path in _logs(cluster)
        for line in files.tail(path, _TAIL_BYTES, since.get(path, 0)).splitlines()
        if line.strip() and not any(word in line for word in _SAID_BY_EVERY_START)
    ]
    return "\n".join(lines[-_TAIL_LINES:]) or f"it left no word in {cluster.facts.log}"

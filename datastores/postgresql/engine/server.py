"""The server: set up, started and stopped."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path

from datastores.host import last_words, membership, service
from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.last_words import LastWords
from datastores.host.roles import server
from datastores.postgresql.engine import access, config, extensions, floors, lockout, upgrades
from datastores.postgresql.engine.node import TITLE, ConnectionRefused, Node
from datastores.protocol.engine import EngineStatus, Settings

NAME = "postgresql"
_PROGRAMS = ("initdb", "pg_ctl", "postgres", "psql", "pg_basebackup", "pg_verifybackup")
_STOP_SECONDS = 120
_RECOVERY_SECONDS = 86400  # crash recovery takes what it takes; the job's own limit ends the waiting
_SAID_BY_EVERY_START = (
    "redirecting log output",
    "Future log output",
    "starting PostgreSQL",
    "listening on",
    "database system is shut down",
)


class Server(server.Server):
    """One PostgreSQL server; administration goes through its socket as the OS user that runs it."""

    node: Node

    def install(self) -> None:
        self.node.require_programs(TITLE, _PROGRAMS)
        extensions.trust(self.node.version)

    def initialize(self) -> None:
        self.node.initdb()
        self.node.create_maintenance_database()
        self.node.sync_staging()
        self.node.commit_staging()

    def configure(self, settings: Settings) -> None:
        config.write(self.node, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        access.limit(self.node, cidrs)

    def start(self) -> None:
        """Start, register for the host's boot, and see that the service can work in the server.

        Data that was converted is looked at first, while going back would lose nothing.
        """
        node = self.node
        if upgrades.unproven(node):
            with _privately(node):
                node.check_catalogs()
            upgrades.prove(node)
        service.register(node.programs, NAME, _script(node))
        if not node.runs():
            _start(node)
        try:
            node.psql("SELECT 1;")
        except ConnectionRefused:
            self.stop()
            lockout.repair_offline(node)
            service.register(node.programs, NAME, _script(node))
            _start(node)
            node.psql("SELECT 1;")
        upgrades.settle(node)
        node.host_conf.keep()

    def stop(self) -> None:
        """Stop, ending the sessions."""
        node = self.node
        service.unregister(node.facts, NAME)
        if node.runs():
            limit = str(_STOP_SECONDS)
            node.programs.run([node.bin / "pg_ctl", "-D", node.data, "-m", "fast", "-w", "-t", limit, "stop"])

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        return EngineStatus(running=True, version=self.node.psql("SHOW server_version;").split()[0])

    def running(self) -> bool:
        return self.node.runs()


def _start(node: Node) -> None:
    floors.write(node)
    membership.permit(node.facts)
    since = last_words.sizes(_logs(node))
    try:
        service.start(node.facts, NAME)
    except EngineError as error:
        raise _failure(node, since) from error


@contextlib.contextmanager
def _privately(node: Node) -> Iterator[None]:
    """Inside the block the server runs without listening on the network. Raises EngineError: it does not start."""
    control: list[str | Path] = [node.bin / "pg_ctl", "-D", node.data, "-s", "-w"]
    node.own_settings()
    floors.write(node)
    since = last_words.sizes(_logs(node))
    try:
        node.programs.run([*control, "-l", _start_log(node), "-o", "-c listen_addresses=''", "start"])
    except ProgramFailed as error:
        raise _failure(node, since) from error
    try:
        yield
    finally:
        node.programs.run([*control, "-m", "fast", "-t", str(_STOP_SECONDS), "stop"])


def _script(node: Node) -> str:
    """Shell text that starts the server.

    After a crash the server refuses to start while a process has the number in postmaster.pid or in the socket's lock
    file, even another one. Both go first, but only when no process works in the data directory: orphans of a killed
    server do for a moment, and must not meet a new one. What ALTER
    SYSTEM wrote is dropped: the settings are the service's and the configuration group's. At the host's boot the
    guarded primary of a group starts as a standby of nobody.
    """
    lock = node.facts.run / f".s.PGSQL.{node.port}.lock"
    names = (
        node.bin / "pg_ctl", node.data.resolve(), _start_log(node), node.data / "postmaster.pid", lock, node.auto_conf,
    )  # fmt: skip
    pg_ctl, data, start_log, pid, socket_lock, auto_conf = (shlex.quote(str(name)) for name in names)
    return f"""\
number=$(head -n 1 {pid} 2>/dev/null || :)
if [ -n "$number" ] && [ "$(readlink "/proc/$number/cwd")" = {data} ]; then exit 0; fi
{service.await_orphans(node.data)}
works_here || rm -f {pid} {socket_lock}
: >{auto_conf}
{membership.unless_permitted(node.facts, f"touch {data}/standby.signal")}
exec {pg_ctl} -D {data} -l {start_log} -s -w -t {_RECOVERY_SECONDS} start </dev/null"""


def _start_log(node: Node) -> Path:
    return node.facts.log / "start.log"


def _logs(node: Node) -> list[Path]:
    return [*sorted(node.facts.log.glob("postgresql-*.log")), _start_log(node)]


def _failure(node: Node, before: dict[Path, int]) -> EngineError:
    """Why the server did not start; a log may have been begun since."""
    logs = sorted((log for log in _logs(node) if log.exists()), key=lambda log: log.stat().st_mtime)
    since = {log: before.get(log, 0) for log in logs}
    return LastWords(TITLE, usual=_SAID_BY_EVERY_START).failure(since)

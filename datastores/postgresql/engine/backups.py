"""Physical backups: pg_basebackup's tar as a stream.

The tar holds everything, the WAL that makes it consistent and the manifest included: it is restored by unpacking it. An
incremental one (PostgreSQL 17, "Incremental Backup" in the manual) holds the blocks changed since the backup whose
manifest it is given, as the server's WAL summaries tell.
"""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from datastores.host import pipeline
from datastores.host.errors import EngineError, ParentUnusable, ProgramFailed
from datastores.host.roles import backups
from datastores.host.roles.backups import BackupState
from datastores.host.streams import Sink, Source
from datastores.postgresql.engine import lockout, restore
from datastores.postgresql.engine.manifest import ManifestTap
from datastores.postgresql.engine.node import Node, refusal

_SIZE = """
SELECT sum(pg_database_size(oid))::bigint + pg_size_bytes(current_setting('wal_segment_size')) FROM pg_database;
"""
_TABLESPACES = "SELECT spcname FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY 1;"
_SLOTS_TAKEN = """
SELECT count(*) >= current_setting('max_replication_slots')::int FROM pg_replication_slots;
"""
_WALSENDERS_TAKEN = """
SELECT count(*) >= current_setting('max_wal_senders')::int FROM pg_stat_get_wal_senders();
"""
_HOLD = "SELECT slot_name FROM pg_create_physical_replication_slot('{}', true, true);\n"


class Backups(backups.Backups):
    """Base backups."""

    node: Node

    def backup(self, sink: Sink, state: BackupState) -> None:
        """Write a base backup as a tar.

        Raises:
            ParentUnusable: the server cannot build on the parent.
            EngineError: what the database holds cannot be backed up, or PostgreSQL's words.

        `-D -` forbids `-X stream`, so the WAL is fetched at the end, and a slot holds it until then.
        """
        _require_one_tablespace(self.node)
        command = _command(self.node, state.parent)
        tap = ManifestTap(sink, state.own)
        passed = _Passed(tap.write)
        try:
            with _held_wal(self.node):
                _free_walsender(self.node)
                pipeline.dump(self.node.programs, command, passed.write, self.node.connection())
        except ProgramFailed as error:
            if state.parent is None or passed.anything:
                raise
            raise ParentUnusable(
                f"no incremental backup can be built on this parent, make a full one: {error}"
            ) from error

    def size(self) -> int:
        """Return the bytes of all databases and one WAL segment."""
        return int(self.node.psql(_SIZE))

    def restore(self, layers: Iterable[Source]) -> None:
        restore.load(self.node, layers)

    def verify(self) -> None:
        self.node.check_catalogs()


def _command(node: Node, parent: Path | None) -> list[str | Path]:
    """The command that writes a backup, an incremental one where it has a parent. Raises ParentUnusable."""
    command: list[str | Path] = [
        node.bin / "pg_basebackup", "-w", "-F", "tar", "-D", "-", "-X", "fetch", "-c", "fast",
    ]  # fmt: skip
    if parent is None:
        return command
    if not node.summarizes_log:
        raise ParentUnusable(f"PostgreSQL {node.major} makes no incremental backups: make a full one")
    return [*command, f"--incremental={parent}"]


class _Passed:
    """A sink that knows whether anything went through it: a server that cannot build on the parent says so first."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.anything = False

    def write(self, block: memoryview) -> None:
        self.anything = True
        self._sink(block)


def _require_one_tablespace(node: Node) -> None:
    """Raises EngineError for a tablespace of the tenant's: no host of a restore has its directory."""
    if found := node.psql(_TABLESPACES).splitlines():
        raise EngineError(
            f"tablespace '{found[0]}' cannot be backed up: in each database that uses it run ALTER TABLE ALL IN"
            f" TABLESPACE and ALTER INDEX ALL IN TABLESPACE ... SET TABLESPACE pg_default, then DROP TABLESPACE"
        )


def _free_walsender(node: Node) -> None:
    """End one of the tenant's replication sessions when they take all there are."""
    if node.psql(_WALSENDERS_TAKEN) == "t":
        lockout.end_session(node, walsender=True)


@contextlib.contextmanager
def _held_wal(node: Node) -> Iterator[None]:
    """Keep the server from removing WAL: a temporary slot, which the server drops as soon as its session is gone.

    Where the tenant's own slots take all there are, the backup goes on without: it fails if its WAL is removed.
    """
    if node.psql(_SLOTS_TAKEN) == "t":
        yield
        return
    process = lockout.make_room(node, lambda: _hold_wal(node))
    try:
        yield
    finally:
        process.communicate()


def _hold_wal(node: Node) -> subprocess.Popen[bytes]:
    """A session that has a slot. Raises ConnectionRefused, EngineError."""
    slot = f"trove_backup_{secrets.token_hex(8)}"
    pipe = subprocess.PIPE
    process = node.programs.popen(node.psql_command(), node.connection(), stdin=pipe, stdout=pipe, stderr=pipe)
    if process.stdin is None or process.stdout is None:
        raise ValueError("psql has no pipes")
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(_HOLD.format(slot).encode())
        process.stdin.flush()
    if process.stdout.readline().strip() == slot.encode():
        return process
    said = process.communicate()[1].decode("utf-8", "replace")
    raise refusal(said) or EngineError(f"PostgreSQL gave no replication slot for the backup: {said.strip()}")

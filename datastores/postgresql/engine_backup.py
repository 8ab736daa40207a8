"""Physical backups: pg_basebackup's tar as a stream.

The tar holds everything, the WAL that makes it consistent and the manifest included: it is restored by unpacking it. An
incremental one (PostgreSQL 17, "Incremental Backup" in the manual) holds the blocks changed since the backup whose
manifest it is given, as the server's WAL summaries tell.
"""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

from datastores.host import pipeline
from datastores.host.engine import BackupState
from datastores.host.errors import ParentUnusable, ProgramFailed
from datastores.host.streams import Sink
from datastores.postgresql import engine_config
from datastores.postgresql.engine_cluster import Cluster
from datastores.postgresql.engine_manifest import ManifestTap

_SIZE = """
SELECT sum(pg_database_size(oid))::bigint + pg_size_bytes(current_setting('wal_segment_size')) FROM pg_database;
"""
_HOLD = "SELECT slot_name FROM pg_create_physical_replication_slot('{}', true, true);\n"


def dump(cluster: Cluster, sink: Sink, state: BackupState) -> None:
    """Write a base backup as a tar. Raises ProgramFailed; ParentUnusable when the server cannot build on the parent.

    `-D -` forbids `-X stream`, so the WAL is fetched at the end, and a slot holds it until then.
    """
    command: list[str | Path] = [
        cluster.bin / "pg_basebackup", "-w", "-F", "tar", "-D", "-", "-X", "fetch", "-c", "fast",
    ]  # fmt: skip
    if state.parent is not None:
        if cluster.major < engine_config.SUMMARIZE_WAL_SINCE:
            raise ParentUnusable(f"PostgreSQL {cluster.major} makes no incremental backups: make a full one")
        command.append(f"--incremental={state.parent}")
    tap = ManifestTap(sink, state.own)
    passed = _Passed(tap.write)
    try:
        with _held_wal(cluster):
            pipeline.dump(cluster.programs, command, passed.write, cluster.connection())
    except ProgramFailed as error:
        if state.parent is None or passed.anything:
            raise
        raise ParentUnusable(f"no incremental backup can be built on this parent, make a full one: {error}") from error


class _Passed:
    """A sink that knows whether anything went through it: a server that cannot build on the parent says so first."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.anything = False

    def write(self, block: memoryview) -> None:
        self.anything = True
        self._sink(block)


def size(cluster: Cluster) -> int:
    """About the bytes of a base backup: all databases and one WAL segment."""
    return int(cluster.psql(_SIZE))


@contextlib.contextmanager
def _held_wal(cluster: Cluster) -> Iterator[None]:
    """Keep the server from removing WAL: a temporary slot, which the server drops as soon as its session is gone."""
    slot = f"trove_backup_{secrets.token_hex(8)}"
    process = cluster.programs.popen(
        cluster.psql_command(), cluster.connection(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    if process.stdin is None or process.stdout is None:
        raise ValueError("psql has no pipes")
    try:
        process.stdin.write(_HOLD.format(slot).encode())
        process.stdin.flush()
        if process.stdout.readline().strip() != slot.encode():
            raise ProgramFailed("PostgreSQL gave no replication slot for the backup: see the job's log")
        yield
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()

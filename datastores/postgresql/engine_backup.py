"""Physical backups: pg_basebackup's tar as a stream, and back.

The tar holds everything, the WAL that makes it consistent and the manifest included: it is restored by unpacking it.
"""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

from datastores.host import files, pipeline
from datastores.host.errors import DamagedBackup, ProgramFailed
from datastores.host.streams import Sink, Source
from datastores.postgresql.engine_cluster import Cluster

_SIZE = """
SELECT sum(pg_database_size(oid))::bigint + pg_size_bytes(current_setting('wal_segment_size')) FROM pg_database;
"""
_HOLD = "SELECT slot_name FROM pg_create_physical_replication_slot('{}', true, true);\n"
_STALE_FILES = ("standby.signal", "recovery.signal", "postmaster.pid", "postmaster.opts")


def dump(cluster: Cluster, sink: Sink) -> None:
    """Write a base backup as a tar. Raises ProgramFailed.

    `-D -` forbids `-X stream`, so the WAL is fetched at the end, and a slot holds it until then.
    """
    command: list[str | Path] = [
        cluster.bin / "pg_basebackup",
        "-w",
        "-F",
        "tar",
        "-D",
        "-",
        "-X",
        "fetch",
        "-c",
        "fast",
    ]
    with _held_wal(cluster):
        pipeline.dump(cluster.programs, command, sink, cluster.connection())


def size(cluster: Cluster) -> int:
    """About the bytes of a base backup: all databases and one WAL segment."""
    return int(cluster.psql(_SIZE))


def load(cluster: Cluster, source: Source) -> None:
    """Make the data directory from a base backup. Raises DamagedBackup when it does not match its manifest.

    A data directory that is there is complete: it got its name last.
    """
    if cluster.data.exists():
        return
    files.remove_tree(cluster.making)
    cluster.making.mkdir(mode=0o700)
    cluster.facts.give(cluster.making)
    pipeline.load(cluster.programs, ["tar", "-x", "-p", "--no-same-owner", "-f", "-", "-C", cluster.making], source)
    _verify(cluster)
    _make_own(cluster)
    cluster.take_place()


def _verify(cluster: Cluster) -> None:
    if not (cluster.making / "backup_manifest").exists():
        raise DamagedBackup("the backup has no backup_manifest: it is not one of pg_basebackup")
    try:
        cluster.programs.run([cluster.bin / "pg_verifybackup", "-q", cluster.making])
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup does not match its manifest: {error}") from error


def _make_own(cluster: Cluster) -> None:
    """Forget what belonged to the server that was backed up: its role, its slots, its own settings."""
    for name in _STALE_FILES:
        (cluster.making / name).unlink(missing_ok=True)
    for slot in (cluster.making / "pg_replslot").glob("*"):
        files.remove_tree(slot)
    (cluster.making / "postgresql.auto.conf").write_text("")
    conf = cluster.making / "postgresql.conf"
    if cluster.include not in conf.read_text():
        with conf.open("a") as file:
            file.write(cluster.include)


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

"""From base backups back to a data directory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from datastores.host import files, pipeline
from datastores.host.errors import DamagedBackup, ProgramFailed
from datastores.host.streams import Source
from datastores.postgresql.engine_cluster import Cluster
from datastores.postgresql.engine_manifest import MANIFEST

_STALE_FILES = ("standby.signal", "recovery.signal", "postmaster.pid", "postmaster.opts")
_LINKS_SINCE = 18


def load(cluster: Cluster, layers: Iterable[Source]) -> None:
    """Make the data directory from a full base backup and the incremental ones upon it.

    Each incremental one is combined into the whole before the next is fetched, so that the volume holds the data, one
    increment and what it changed, however long the chain is. A data directory that is there is complete: it got its
    name last. Raises DamagedBackup when a backup does not match its manifest or its predecessor.
    """
    if cluster.data.exists():
        return
    increment, combined = cluster.making.with_suffix(".increment"), cluster.making.with_suffix(".combined")
    for left in (cluster.making, increment, combined):
        files.remove_tree(left)
    for position, layer in enumerate(layers):
        _unpack(cluster, layer, increment if position else cluster.making)
        if position:
            _combine(cluster, increment, combined)
    _make_own(cluster)
    cluster.take_place()


def _unpack(cluster: Cluster, source: Source, directory: Path) -> None:
    directory.mkdir(mode=0o700)
    cluster.facts.give(directory)
    pipeline.load(cluster.programs, ["tar", "-x", "-p", "--no-same-owner", "-f", "-", "-C", directory], source)
    if not (directory / MANIFEST).exists():
        raise DamagedBackup(f"the backup has no {MANIFEST}: it is not one of pg_basebackup")
    try:
        cluster.programs.run([cluster.bin / "pg_verifybackup", "-q", directory])
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup does not match its manifest: {error}") from error


def _combine(cluster: Cluster, increment: Path, combined: Path) -> None:
    """Make the whole of the increment and the whole so far, and put it in the place of both."""
    options = ["--no-sync", *(["--link"] if cluster.major >= _LINKS_SINCE else [])]
    program = cluster.bin / "pg_combinebackup"
    command: list[str | Path] = [program, *options, cluster.making, increment, "-o", combined]
    try:
        cluster.programs.run(command)
    except ProgramFailed as error:
        raise DamagedBackup(f"the incremental backup does not fit the one before it: {error}") from error
    files.remove_tree(cluster.making)
    files.remove_tree(increment)
    combined.rename(cluster.making)


def _make_own(cluster: Cluster) -> None:
    """Forget what belonged to the server that was backed up: its role, its slots, its own settings."""
    for name in _STALE_FILES:
        (cluster.making / name).unlink(missing_ok=True)
    for slot in (cluster.making / "pg_replslot").glob("*"):
        files.remove_tree(slot)
    (cluster.making / "postgresql.auto.conf").write_text("")

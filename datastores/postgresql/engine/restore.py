"""From base backups back to a data directory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from datastores.host import files, pipeline
from datastores.host.errors import DamagedBackup, ProgramFailed
from datastores.host.streams import Source
from datastores.postgresql.engine.manifest import MANIFEST
from datastores.postgresql.engine.node import Node

_STALE_FILES = ("standby.signal", "recovery.signal", "postmaster.pid", "postmaster.opts")
_LINKS_SINCE = 18


def load(node: Node, layers: Iterable[Source]) -> None:
    """Make the data directory from a full base backup and the incremental ones upon it.

    Each incremental one is combined into the whole before the next is fetched, so that the volume holds the data, one
    increment and what it changed, however long the chain is.

    Raises DamagedBackup when a backup does not match its manifest or its predecessor.
    """
    increment, combined = node.staging.with_suffix(".increment"), node.staging.with_suffix(".combined")
    for left in (node.staging, increment, combined):
        files.remove_tree(left)
    for position, layer in enumerate(layers):
        _unpack(node, layer, increment if position else node.staging)
        if position:
            _combine(node, increment, combined)
    _make_own(node)
    node.commit_staging()


def _unpack(node: Node, source: Source, directory: Path) -> None:
    node.facts.make_empty(directory)
    pipeline.load(node.programs, ["tar", "-x", "-p", "--no-same-owner", "-f", "-", "-C", directory], source)
    if not (directory / MANIFEST).exists():
        raise DamagedBackup(f"the backup has no {MANIFEST}: it is not one of pg_basebackup")
    try:
        node.programs.run([node.bin / "pg_verifybackup", "-q", directory])
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup does not match its manifest: {error}") from error


def _combine(node: Node, increment: Path, combined: Path) -> None:
    """Make the whole of the increment and the whole so far, and put it in the place of both."""
    options = ["--no-sync", *(["--link"] if node.major >= _LINKS_SINCE else [])]
    program = node.bin / "pg_combinebackup"
    command: list[str | Path] = [program, *options, node.staging, increment, "-o", combined]
    try:
        node.programs.run(command)
    except ProgramFailed as error:
        raise DamagedBackup(f"the incremental backup does not fit the one before it: {error}") from error
    files.remove_tree(node.staging)
    files.remove_tree(increment)
    combined.rename(node.staging)


def _make_own(node: Node) -> None:
    """Forget what belonged to the server that was backed up: its role, its slots, its own settings."""
    for name in _STALE_FILES:
        (node.staging / name).unlink(missing_ok=True)
    for slot in (node.staging / "pg_replslot").glob("*"):
        files.remove_tree(slot)
    (node.staging / "postgresql.auto.conf").write_text("")

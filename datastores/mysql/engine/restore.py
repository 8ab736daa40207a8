"""From backups back to a data directory."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from datastores.host import files, pipeline, process
from datastores.host.errors import DamagedBackup, ProgramFailed
from datastores.host.streams import Source
from datastores.mysql.engine import client_certificates, upgrade
from datastores.mysql.engine.node import Node

IDENTITY = "trove.identity"
POSITION = "trove.gtid"
"""The file with the last transaction in the data, which a replica goes on from."""
_LEFT_BY_TOOLS = ("xtrabackup_*", "mariadb_backup_*", "backup-my.cnf")
_VERSION = re.compile(r"^server_version = ([0-9.]+(?:-MariaDB)?)", re.MULTILINE)


def load(node: Node, layers: Iterable[Source]) -> None:
    """Make the data directory of a full backup and the incremental ones upon it.

    Raises DamagedBackup when a link cannot be unpacked or does not fit the one before, DiskFull.
    """
    links = _links(node)
    for path in links:
        files.remove_tree(path)
    count = 0
    for count, layer in enumerate(layers, start=1):
        if count > 1:
            _prepare(node, count - 1, is_last=False)
        _unpack(node, links[min(count, 2) - 1], layer)
    _prepare(node, count, is_last=True)
    _finish(node)


def _links(node: Node) -> tuple[Path, Path]:
    """Where the full backup becomes the data, and where an incremental one waits to be put upon it."""
    return node.staging, node.staging.with_suffix(".link")


def _unpack(node: Node, directory: Path, layer: Source) -> None:
    node.facts.make_empty(directory)
    try:
        pipeline.load(node.programs, [node.bin / node.product.unpack, "-x", "-C", directory], layer)
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup cannot be unpacked: {error}") from error
    for info in directory.glob("*_binlog_info"):
        positions = info.read_text(encoding="utf-8").split()[2:]
        node.write(node.staging / POSITION, "".join(positions))


def _prepare(node: Node, number: int, *, is_last: bool) -> None:
    """Make the data consistent as of a link's end, the first being the full backup."""
    making, link = _links(node)
    command: list[str | Path] = [
        node.bin / node.product.backup, "--no-defaults", "--prepare", f"--target-dir={making}",
        f"--open-files-limit={process.FILES}",
        *node.product.prepare_options(is_last=is_last),
    ]  # fmt: skip
    if number > 1:
        command.append(f"--incremental-dir={link}")
    try:
        node.programs.run(command)
    except ProgramFailed as error:
        raise DamagedBackup(f"link {number} of the backup's chain cannot be used: {error}") from error
    files.remove_tree(link)


def identify(node: Node) -> None:
    """Give the data directory that is being made an identity of its own, which incremental backups ask for."""
    node.write(node.staging / IDENTITY, secrets.token_hex(16))


def _finish(node: Node) -> None:
    making = node.staging
    version = ""
    for path in (path for pattern in _LEFT_BY_TOOLS for path in making.glob(pattern)):
        if path.name.endswith("_info") and (found := _VERSION.search(path.read_text(encoding="utf-8"))):
            version = found[1]
        path.unlink()
    upgrade.note(node, version)
    client_certificates.expect(node)
    identify(node)
    node.commit_staging()

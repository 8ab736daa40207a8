"""From backups back to a data directory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from datastores.host import files, pipeline, process
from datastores.host.errors import DamagedBackup, ProgramFailed
from datastores.host.streams import Source
from datastores.mysql import engine_backup, engine_upgrade
from datastores.mysql.engine_server import Server

_LEFT_BY_TOOLS = ("xtrabackup_*", "mariadb_backup_*", "backup-my.cnf")
_VERSION = re.compile(r"^server_version = ([0-9.]+(?:-MariaDB)?)", re.MULTILINE)


def load(server: Server, layers: Iterable[Source]) -> None:
    """Make the data directory of a full backup and the incremental ones upon it, unless it is there.

    Raises DamagedBackup when a link cannot be unpacked or does not fit the one before, DiskFull.
    """
    if server.data.exists():
        return
    links = _links(server)
    for path in links:
        files.remove_tree(path)
    count = 0
    for count, layer in enumerate(layers, start=1):
        if count > 1:
            _prepare(server, count - 1, is_last=False)
        _unpack(server, links[min(count, 2) - 1], layer)
    _prepare(server, count, is_last=True)
    _finish(server)


def _links(server: Server) -> tuple[Path, Path]:
    """Where the full backup becomes the data, and where an incremental one waits to be put upon it."""
    return server.making, server.making.with_suffix(".link")


def _unpack(server: Server, directory: Path, layer: Source) -> None:
    files.remove_tree(directory)
    directory.mkdir(mode=0o700)
    server.facts.give(directory)
    try:
        pipeline.load(server.programs, [server.program(server.product.unpack), "-x", "-C", directory], layer)
    except ProgramFailed as error:
        raise DamagedBackup(f"the backup cannot be unpacked: {error}") from error


def _prepare(server: Server, number: int, *, is_last: bool) -> None:
    """Make the data consistent as of a link's end, the first being the full backup."""
    making, link = _links(server)
    command: list[str | Path] = [
        server.program(server.product.backup), "--no-defaults", "--prepare", f"--target-dir={making}",
        f"--open-files-limit={process.FILES}",
        *server.product.prepare_options(is_last=is_last),
    ]  # fmt: skip
    if number > 1:
        command.append(f"--incremental-dir={link}")
    try:
        server.programs.run(command)
    except ProgramFailed as error:
        raise DamagedBackup(f"link {number} of the backup's chain cannot be used: {error}") from error
    files.remove_tree(link)


def _finish(server: Server) -> None:
    making = server.making
    version = ""
    for path in (path for pattern in _LEFT_BY_TOOLS for path in making.glob(pattern)):
        if path.name.endswith("_info") and (found := _VERSION.search(path.read_text(encoding="utf-8"))):
            version = found[1]
        path.unlink()
    engine_upgrade.note(server, version)
    engine_backup.identify(server)
    server.take_place()

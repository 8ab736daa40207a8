"""Physical backups: the stream of mariadb-backup or XtraBackup, which copy the files while the server works on.

An incremental one holds the pages changed since a log sequence number, where its parent ended. Another server's numbers
mean nothing here, so a backup's state names the data it is of: an identity that is made with each data directory.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from datastores.host import files, pipeline, process
from datastores.host.errors import EngineError, ParentUnusable, ProgramFailed
from datastores.host.roles import backups
from datastores.host.roles.backups import BackupState
from datastores.host.streams import Sink, Source
from datastores.mysql.engine import restore, sessions
from datastores.mysql.engine.node import LOCK_SECONDS, Node

_NOT_BACKED_UP = re.compile(r"(binlog\..*|ib_logfile\d+|ibtmp\d+|#innodb_.*)")
_UNUSABLE = """
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES
 WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE IS NULL LIMIT 1;
"""
_END = re.compile(r"^to_lsn = (\d+)$", re.MULTILINE)


class Backups(backups.Backups):
    """Physical backups, full and incremental."""

    node: Node

    @property
    def format(self) -> str:
        return self.node.product.backup_format

    def backup(self, sink: Sink, state: BackupState) -> None:
        """Write a backup. Raises ProgramFailed, DiskFull; ParentUnusable when it cannot be built on the parent."""
        node, work = self.node, state.own.with_name("work")
        work.mkdir(mode=0o700, exist_ok=True)
        node.facts.chown(work)
        command: list[str | Path] = [
            node.bin / node.product.backup, f"--defaults-file={node.option_file}", "--backup",
            f"--stream={self.format}", f"--target-dir={work / 'target'}", f"--extra-lsndir={work / 'end'}",
            f"--open-files-limit={process.FILES}", *node.product.backup_options,
        ]  # fmt: skip
        if state.parent is not None:
            command.append(f"--incremental-lsn={parents_end(node, state.parent)}")
        sessions.make_room(node)
        try:
            pipeline.dump(node.programs, command, sink)
        except ProgramFailed as error:
            raise _in_words(error) from error
        files.write_json(state.own, {"identity": _identity(node), "end": _end(work / "end")})

    def size(self) -> int:
        """Return the bytes of the data directory's files that a backup copies."""
        data = self.node.data
        return sum(
            entry.stat().st_size
            for directory in (data, *(path for path in data.iterdir() if path.is_dir()))
            for entry in os.scandir(directory)
            if entry.is_file() and not _NOT_BACKED_UP.fullmatch(entry.name)
        )

    def restore(self, layers: Iterable[Source]) -> None:
        restore.load(self.node, layers)

    def verify(self) -> None:
        """See that every table opens."""
        if found := self.node.sql(_UNUSABLE):
            raise EngineError(f"a restored table does not open: {' '.join(found.split(chr(9)))}")


def _in_words(error: ProgramFailed) -> EngineError:
    """The error in the tenant's words, where it is one that the tenant's sessions cause."""
    if "Lock wait timeout exceeded" in str(error):
        return EngineError(
            f"the backup waited {LOCK_SECONDS} s for a session that locks tables: end its LOCK TABLES, FLUSH TABLES or"
            " transaction and back up again"
        )
    return error


def _identity(node: Node) -> str:
    return (node.data / restore.IDENTITY).read_text(encoding="utf-8")


def _end(directory: Path) -> str:
    for path in directory.glob("*_checkpoints"):
        if found := _END.search(path.read_text(encoding="utf-8")):
            return found[1]
    raise EngineError("the backup's program did not say where in the log it ended")


def parents_end(node: Node, parent: Path) -> str:
    """The log sequence number where the parent ended. Raises ParentUnusable when it is none of this data."""
    try:
        left = json.loads(parent.read_text(encoding="utf-8"))
        identity, end = left["identity"], str(int(left["end"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ParentUnusable("the parent's state cannot be read, make a full backup") from error
    if identity != _identity(node):
        raise ParentUnusable("no incremental backup can be built on this parent, it is of other data: make a full one")
    return end

"""Physical backups: the stream of mariadb-backup or XtraBackup, which copy the files while the server works on.

An incremental one holds the pages changed since a log sequence number, where its parent ended. Another server's numbers
mean nothing here, so a backup's state names the data it is of: an identity that is made with each data directory.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

from datastores.host import files, pipeline, process
from datastores.host.engine import BackupState
from datastores.host.errors import EngineError, ParentUnusable, ProgramFailed
from datastores.host.streams import Sink
from datastores.mysql import engine_sessions
from datastores.mysql.engine_server import LOCK_SECONDS, Server

_IDENTITY = "trove.identity"
_NOT_BACKED_UP = re.compile(r"(binlog\..*|ib_logfile\d+|ibtmp\d+|#innodb_.*)")
_END = re.compile(r"^to_lsn = (\d+)$", re.MULTILINE)


def dump(server: Server, sink: Sink, state: BackupState) -> None:
    """Write a backup. Raises ProgramFailed, DiskFull; ParentUnusable when it cannot be built on the parent."""
    work = state.own.with_name("work")
    work.mkdir(mode=0o700, exist_ok=True)
    server.facts.give(work)
    command: list[str | Path] = [
        server.program(server.product.backup), f"--defaults-file={server.option_file}", "--backup",
        f"--stream={server.product.backup_format}", f"--target-dir={work / 'target'}", f"--extra-lsndir={work / 'end'}",
        f"--open-files-limit={process.FILES}", *server.product.backup_options,
    ]  # fmt: skip
    if state.parent is not None:
        command.append(f"--incremental-lsn={parents_end(server, state.parent)}")
    engine_sessions.make_room(server)
    try:
        pipeline.dump(server.programs, command, sink)
    except ProgramFailed as error:
        raise _in_words(error) from error
    files.write_json(state.own, {"identity": _identity(server), "end": _end(work / "end")})


def _in_words(error: ProgramFailed) -> EngineError:
    """The error in the tenant's words, where it is one that the tenant's sessions cause."""
    if "Lock wait timeout exceeded" in str(error):
        return EngineError(
            f"the backup waited {LOCK_SECONDS} s for a session that locks tables: end its LOCK TABLES, FLUSH TABLES or"
            " transaction and back up again"
        )
    return error


def size(server: Server) -> int:
    """About the bytes of a full backup: those of the data directory's files that it copies."""
    return sum(
        entry.stat().st_size
        for directory in (server.data, *(path for path in server.data.iterdir() if path.is_dir()))
        for entry in os.scandir(directory)
        if entry.is_file() and not _NOT_BACKED_UP.fullmatch(entry.name)
    )


def identify(server: Server) -> None:
    """Give the data directory that is being made an identity of its own."""
    server.write(server.making / _IDENTITY, secrets.token_hex(16))


def _identity(server: Server) -> str:
    return (server.data / _IDENTITY).read_text(encoding="utf-8")


def _end(directory: Path) -> str:
    for path in directory.glob("*_checkpoints"):
        if found := _END.search(path.read_text(encoding="utf-8")):
            return found[1]
    raise EngineError("the backup's program did not say where in the log it ended")


def parents_end(server: Server, parent: Path) -> str:
    """The log sequence number where the parent ended. Raises ParentUnusable when it is none of this data."""
    try:
        left = json.loads(parent.read_text(encoding="utf-8"))
        identity, end = left["identity"], str(int(left["end"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ParentUnusable("the parent's state cannot be read, make a full backup") from error
    if identity != _identity(server):
        raise ParentUnusable("no incremental backup can be built on this parent, it is of other data: make a full one")
    return end

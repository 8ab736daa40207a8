"""A copy of a running server's data, by pg_basebackup, which receives the log beside it."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import IO

from datastores.host import files
from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.progress import Progress
from datastores.postgresql.engine import group
from datastores.postgresql.engine.node import Node
from datastores.protocol.replication import Member

_PROGRESS = re.compile(r"(\d+)/(\d+) kB \(")
_ATTEMPTS = 5
_PAUSE_SECONDS = 3.0
_PASSING = re.compile(
    "is active for PID|starting up|shutting down|Connection refused|closed the connection|terminating connection|"
    "could not receive data|could not send data|lost synchronization|COPY stream"
)
"""What a source says that restarts, or whose session of an earlier attempt has not ended yet."""


def copy(node: Node, me: Member, source: Member, progress: Progress) -> None:
    """Make the data directory of a standby. A source that restarts is waited for.

    Raises EngineError with pg_basebackup's words.
    """
    for attempt in range(_ATTEMPTS):
        files.remove_tree(node.staging)
        try:
            _run(node, me, source, progress)
            break
        except ProgramFailed as error:
            if attempt == _ATTEMPTS - 1 or not _PASSING.search(str(error)):
                raise EngineError(f"copying the data of {source.address} failed: {error}") from error
            time.sleep(_PAUSE_SECONDS)
    (node.staging / "postgresql.auto.conf").write_text("")
    group.stand_by(node, node.staging, whether=True)
    node.commit_staging()
    files.sync(node.facts.data)


def _run(node: Node, me: Member, source: Member, progress: Progress) -> None:
    words = " ".join(f"{name}='{word}'" for name, word in group.connection(node, source).items())
    command: list[str | Path] = [
        node.bin / "pg_basebackup", "-w", "-d", words, "-D", node.staging, "-X", "stream", "-S", group.slot(me.id),
        "-c", "fast", "-P",
    ]  # fmt: skip
    pipe = subprocess.PIPE
    process = node.programs.popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=pipe)
    if process.stderr is None:
        raise ValueError("pg_basebackup has no pipe")
    said = _follow(process.stderr, progress)
    if code := process.wait():
        raise ProgramFailed(f"pg_basebackup failed with code {code}: {said or 'it gave no reason'}")


def _follow(stderr: IO[bytes], progress: Progress) -> str:
    """Report progress until the program ends; what else it said."""
    said: list[str] = []
    rest = b""
    while block := stderr.read1(4096):  # type: ignore[attr-defined]
        *lines, rest = re.split(rb"[\r\n]+", rest + block)
        for line in (line.decode("utf-8", "replace").strip() for line in lines):
            if found := _PROGRESS.search(line):
                progress.bytes(int(found[1]) * 1024, int(found[2]) * 1024)
            elif line:
                said.append(line)
    return "\n".join([*said, rest.decode("utf-8", "replace").strip()][-5:]).strip()

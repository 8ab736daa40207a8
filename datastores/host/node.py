"""A node: one database server on its host, with what every datastore's server has there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from datastores.host import files
from datastores.host.errors import BadRequest
from datastores.host.process import Programs

if TYPE_CHECKING:
    from datastores.host.engine import Engine, Version
    from datastores.host.facts import Facts

_PROGRAM_KIB = 512 * 1024
_LIMITED = 'ulimit -v "$1"; shift; exec "$@"'


@dataclass(frozen=True)
class Node:
    """One server: where its programs, data and files are. A datastore's own `Node` adds how its server is administered.

    A directory `data` that is there is complete, for it gets its name last: what makes data makes it in `staging`, then
    calls `commit_staging`.
    """

    engine: Engine

    @property
    def name(self) -> str:
        """The name of the datastore."""
        return self.engine.datastore

    @property
    def facts(self) -> Facts:
        """The facts of the host."""
        return self.engine.facts

    @property
    def version(self) -> Version:
        """The release that runs here."""
        return self.engine.version

    @cached_property
    def programs(self) -> Programs:
        """Runs programs as the engine's user."""
        return Programs(self.facts, self.version.libraries)

    @property
    def bin(self) -> Path:
        """The directory of the server's programs."""
        return self.version.programs

    @property
    def port(self) -> int:
        """The port for clients."""
        return self.version.ports[0]

    @property
    def plain_port(self) -> int:
        """The port for clients without TLS in the mode `basic`, where one port cannot serve both."""
        return self.version.ports[-1]

    @property
    def data(self) -> Path:
        """The data directory, on the volume."""
        return self.facts.data / self.name

    @property
    def staging(self) -> Path:
        """The directory in which a data directory is made."""
        return self.facts.data / f"{self.name}.tmp"

    def commit_staging(self) -> None:
        """Rename `staging` to `data`, in one step."""
        self.staging.rename(self.data)

    def write(self, path: Path, text: str) -> None:
        """Replace a file of the engine's user."""
        files.write_text(path, text)
        self.facts.chown(path)

    @contextlib.contextmanager
    def temporary(self, prefix: str) -> Iterator[Path]:
        """A directory of the engine's user that is removed when the block ends."""
        with tempfile.TemporaryDirectory(prefix=f"{prefix}-", dir=self.facts.run) as name:
            self.facts.chown(Path(name))
            yield Path(name)

    def limited(self, *command: str | Path) -> list[str | Path]:
        """The command with its address space limited to the memory of the flavor and room for the program itself."""
        return ["sh", "-c", _LIMITED, "sh", str(self.facts.memory_mb * 1024 + _PROGRAM_KIB), *command]

    def require_programs(self, title: str, names: Sequence[str | Path]) -> None:
        """Raise BadRequest naming the programs that are not below `bin`; `title` is the datastore's name for people."""
        if missing := [str(name) for name in names if not (self.bin / name).exists()]:
            raise BadRequest(
                f"{title} {self.version.name} is not on this host ({', '.join(missing)} not in {self.bin}):"
                f" use an image with {self.version.package}"
            )

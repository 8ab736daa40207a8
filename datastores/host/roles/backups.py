"""The role `backups`: all data is copied to a stream while the database works, and made of such streams again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from datastores.host.roles.role import Role
from datastores.host.streams import Sink, Source


@dataclass(frozen=True)
class BackupState:
    """Files of the engine's own form between backups: `own` is what this backup leaves for the next incremental one,
    if it can; `parent` is what the parent left, None for a full backup."""

    own: Path
    parent: Path | None = None


class Backups(Role):
    """Backups of all data."""

    capability = "backup"

    @property
    def format(self) -> str:
        """The name of the stream's format, kept with each backup; only a backup of the same format is restored."""
        return "tar"

    @abstractmethod
    def backup(self, sink: Sink, state: BackupState) -> None:
        """Write a consistent copy of all data, while the database works on.

        With a parent (capability incremental_backup) write what changed since. Raises ParentUnusable, before anything
        is written, when that cannot be told.
        """

    @abstractmethod
    def size(self) -> int | None:
        """Return about how many bytes a full `backup` will write, None when unknown."""

    @abstractmethod
    def restore(self, layers: Iterable[Source]) -> None:
        """Make data of what `backup` wrote, where there is none yet: a full backup, then each incremental one upon it
        in order.

        Verified as far as the format allows; not started, not configured. A layer is read whole before the next.
        """

    def verify(self) -> None:
        """Look into the database, which runs on restored or converted data. Raises EngineError naming what is wrong."""

"""Snapshots ("How to work with snapshots" in the manual): hard links to files that never change, as a tar."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.host import pipeline
from datastores.host.errors import DamagedBackup
from datastores.host.roles import backups
from datastores.host.roles.backups import BackupState
from datastores.host.streams import Sink, Source, tar_into
from datastores.victoriametrics.engine.node import Node

_PARTS = ("data", "indexdb")


class Backups(backups.Backups):
    """Snapshots of all series."""

    node: Node

    def backup(self, sink: Sink, state: BackupState) -> None:
        """Write a snapshot as a tar, its links followed. Raises EngineError.

        Not with the program `tar`: for it a file has changed when another link to it goes, as those of merged parts
        do. The snapshots that a killed backup left go first: there are none but the service's.
        """
        self.node.administer("/snapshot/delete_all")
        name = self.node.administer("/snapshot/create")["snapshot"]
        try:
            with tar_into(sink, dereference=True) as whole:
                whole.add(self.node.data / "snapshots" / name, ".")
        finally:
            self.node.administer("/snapshot/delete", snapshot=name)

    def size(self) -> int:
        found = (path for part in _PARTS for path in (self.node.data / part).glob("**/*.bin"))
        return sum(path.stat().st_size for path in found if "snapshots" not in path.parts and path.exists())

    def restore(self, layers: Iterable[Source]) -> None:
        """Make the data directory of a snapshot. Raises DamagedBackup when that is none."""
        node = self.node
        pipeline.untar(node.programs, node.staging, layers)
        if missing := [name for name in _PARTS if not (node.staging / name).is_dir()]:
            raise DamagedBackup(f"the backup has no {' and no '.join(missing)}: it is not one of VictoriaMetrics")
        node.commit_staging()

"""Snapshots ("How to work with snapshots" in the manual): hard links to files that never change, as a tar."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.host import pipeline
from datastores.host.errors import DamagedBackup
from datastores.host.streams import Sink, Source, tar_into
from datastores.victoriametrics.engine_server import Metrics

_PARTS = ("data", "indexdb")


def dump(metrics: Metrics, sink: Sink) -> None:
    """Write a snapshot as a tar, its links followed. Raises EngineError.

    Not with the program `tar`: for it a file has changed when another link to it goes, as those of merged parts do.
    The snapshots that a killed backup left go first: there are none but the service's.
    """
    metrics.administer("/snapshot/delete_all")
    name = metrics.administer("/snapshot/create")["snapshot"]
    try:
        with tar_into(sink, dereference=True) as whole:
            whole.add(metrics.data / "snapshots" / name, ".")
    finally:
        metrics.administer("/snapshot/delete", snapshot=name)


def size(metrics: Metrics) -> int:
    """About the bytes of a snapshot."""
    parts = (
        path for part in _PARTS for path in (metrics.data / part).glob("**/*.bin") if "snapshots" not in path.parts
    )
    return sum(path.stat().st_size for path in parts if path.exists())


def load(metrics: Metrics, layers: Iterable[Source]) -> None:
    """Make the data directory of a snapshot. Raises DamagedBackup when that is none."""
    if metrics.data.exists():
        return
    pipeline.untar(metrics.programs, metrics.making, layers)
    if missing := [name for name in _PARTS if not (metrics.making / name).is_dir()]:
        raise DamagedBackup(f"the backup has no {' and no '.join(missing)}: it is not one of VictoriaMetrics")
    metrics.making.rename(metrics.data)

"""Which datastore versions the local hosts of this machine can run, from where, and why not the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datastores.catalog import Catalog, Datastore, DatastoreVersion
from deploy.local.engines import programs, trees
from deploy.local.engines.fetch import FETCH_COMMAND
from deploy.local.engines.trees import SUBSTRATE


@dataclass(frozen=True)
class Finding:
    """A version on this machine. `origin`: where its programs are from; `problem`: why it cannot run here, else None;
    `remedy`: the command that changes this, empty when none does."""

    datastore: Datastore
    version: DatastoreVersion
    origin: str
    problem: str | None = None
    remedy: str = ""

    @property
    def words(self) -> str:
        """The version, for people."""
        return f"{self.datastore.name} {self.version.name}"


def survey(catalog: Catalog, engines: Path) -> list[Finding]:
    """What this machine has of every version."""
    return list(_findings(catalog, engines))


def left_out(catalog: Catalog, engines: Path) -> list[Finding]:
    """The versions meant for local hosts that this machine cannot run."""
    return [found for found in _findings(catalog, engines) if found.problem and SUBSTRATE in found.version.substrates]


def unavailable_ids(catalog: Catalog, engines: Path) -> list[str]:
    """The ids of the versions that the embedded cloud cannot offer."""
    return [found.version.id for found in _findings(catalog, engines) if found.problem]


def _findings(catalog: Catalog, engines: Path) -> Iterator[Finding]:
    for datastore in catalog.datastores:
        for version in datastore.versions:
            yield _find(datastore, version, engines)


def _find(datastore: Datastore, version: DatastoreVersion, engines: Path) -> Finding:
    substrate = version.substrates.get(SUBSTRATE)
    if substrate is None:
        return Finding(datastore, version, "", f"only for hosts of {', '.join(sorted(version.substrates))}")
    problem = programs.problem(datastore, version.name, engines)
    if not substrate.debian:
        origin = "wheel" if "{wheels}" in substrate.programs else "system"
        return Finding(datastore, version, origin, problem, "make setup" if problem else "")
    tree = engines / f"{datastore.name}-{version.name}"
    if problem is None:
        return Finding(datastore, version, "system" if tree.is_symlink() else "private tree")
    reason = trees.reason_file(engines, tree.name)
    if reason.exists():
        problem = reason.read_text().strip()
    elif not tree.exists():
        problem = f"{substrate.package} was never fetched"
    return Finding(datastore, version, "", problem, FETCH_COMMAND)

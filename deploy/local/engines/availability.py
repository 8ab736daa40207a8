"""Checks which datastore versions the local hosts of this machine can run, and why not the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datastores.catalog import Catalog, Datastore, DatastoreVersion
from deploy.local.engines import programs, trees
from deploy.local.engines.fetch import FETCH_COMMAND
from deploy.local.engines.trees import SUBSTRATE


@dataclass(frozen=True)
class Availability:
    """Whether a version can run on this machine."""

    datastore: Datastore
    version: DatastoreVersion
    origin: str
    """Where its programs are from: wheel, system or private tree; empty if they are missing."""
    problem: str | None = None
    """Why it cannot run here; None if it can."""
    remedy: str = ""
    """The command that installs its programs, empty if none does."""

    @property
    def words(self) -> str:
        """The datastore's name and the version's."""
        return f"{self.datastore.name} {self.version.name}"


def check(catalog: Catalog, engines: Path) -> list[Availability]:
    """Check every version."""
    return list(_check_all(catalog, engines))


def missing(catalog: Catalog, engines: Path) -> list[Availability]:
    """Return the versions for local hosts that this machine cannot run."""
    return [found for found in _check_all(catalog, engines) if found.problem and SUBSTRATE in found.version.substrates]


def unavailable_ids(catalog: Catalog, engines: Path) -> list[str]:
    """Return the ids of all versions that this machine cannot run."""
    return [found.version.id for found in _check_all(catalog, engines) if found.problem]


def _check_all(catalog: Catalog, engines: Path) -> Iterator[Availability]:
    for datastore in catalog.datastores:
        for version in datastore.versions:
            yield _check(datastore, version, engines)


def _check(datastore: Datastore, version: DatastoreVersion, engines: Path) -> Availability:
    substrate = version.substrates.get(SUBSTRATE)
    if substrate is None:
        return Availability(datastore, version, "", f"only for hosts of {', '.join(sorted(version.substrates))}")
    problem = programs.problem(datastore, version.name, engines)
    if not substrate.debian:
        origin = "wheel" if "{wheels}" in substrate.programs else "system"
        return Availability(datastore, version, origin, problem, "make setup" if problem else "")
    tree = engines / f"{datastore.name}-{version.name}"
    if problem is None:
        return Availability(datastore, version, "system" if tree.is_symlink() else "private tree")
    reason = trees.reason_file(engines, tree.name)
    if reason.exists():
        problem = reason.read_text().strip()
    elif not tree.exists():
        problem = f"{substrate.package} was never fetched"
    return Availability(datastore, version, "", problem, FETCH_COMMAND)

"""The private trees: Debian packages of datastore versions and of the proxy of endpoints, unpacked below a directory
that all clones share."""

import os
from dataclasses import dataclass
from pathlib import Path

from datastores.catalog import Catalog

SUBSTRATE = "local"
_MARK = ".packages"


@dataclass(frozen=True)
class Tree:
    """The tree that a version needs by its datastore.yaml."""

    datastore: str
    version: str
    number: str
    """The beginning of the first package's version."""
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        """The directory's name, as `datastores.host.engine` expects it."""
        return f"{self.datastore}-{self.version}"

    @property
    def words(self) -> str:
        """The datastore's name and the version's."""
        return f"{self.datastore} {self.version}"

    def is_in(self, engines: Path) -> bool:
        """Return whether the tree exists with these packages, or as a link to the system."""
        path = engines / self.name
        if path.is_symlink():
            return True
        try:
            return (path / _MARK).read_text() == self._mark
        except OSError:
            return False

    def mark(self, path: Path) -> None:
        """Record in a tree the packages that it was built from."""
        (path / _MARK).write_text(self._mark)

    @property
    def _mark(self) -> str:
        return f"{self.number}: {' '.join(self.packages)}\n"


def directory() -> Path:
    """Return the directory of the trees: $TROVE_ENGINES, else one below the user's cache directory."""
    if chosen := os.environ.get("TROVE_ENGINES"):
        return Path(chosen).absolute()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "trove" / "engines"


def wanted(catalog: Catalog) -> list[Tree]:
    """Return the trees that the catalog's versions need on local hosts."""
    return [
        Tree(datastore.name, version.name, version.number, version.substrates[SUBSTRATE].debian)
        for datastore in catalog.datastores
        for version in datastore.versions
        if SUBSTRATE in version.substrates and version.substrates[SUBSTRATE].debian
    ]


def reason_file(engines: Path, name: str) -> Path:
    """Return the file with the reason, in one line, why a tree could not be built."""
    return engines / f"{name}.reason"

"""The private trees: a datastore version's Debian packages, unpacked below a directory that all clones share."""

import os
from dataclasses import dataclass
from pathlib import Path

from datastores.catalog import Catalog

SUBSTRATE = "local"
_MARK = ".packages"


@dataclass(frozen=True)
class Tree:
    """A version's tree as its datastore.yaml wants it; `number` is what its first package's version begins with."""

    datastore: str
    version: str
    number: str
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        """The directory's name, as `datastores.host.engine` expects it."""
        return f"{self.datastore}-{self.version}"

    @property
    def words(self) -> str:
        """The version, for people."""
        return f"{self.datastore} {self.version}"

    def is_in(self, engines: Path) -> bool:
        """Whether the tree is there with these packages, or the system's own stands in for it."""
        path = engines / self.name
        if path.is_symlink():
            return True
        try:
            return (path / _MARK).read_text() == self._mark
        except OSError:
            return False

    def mark(self, path: Path) -> None:
        """Say in a tree what it was made of."""
        (path / _MARK).write_text(self._mark)

    @property
    def _mark(self) -> str:
        return f"{self.number}: {' '.join(self.packages)}\n"


def directory() -> Path:
    """Where the trees are: $TROVE_ENGINES, else below the user's cache directory."""
    if chosen := os.environ.get("TROVE_ENGINES"):
        return Path(chosen).absolute()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "trove" / "engines"


def wanted(catalog: Catalog) -> list[Tree]:
    """The trees that the catalog's versions need on local hosts."""
    return [
        Tree(datastore.name, version.name, version.number, version.substrates[SUBSTRATE].debian)
        for datastore in catalog.datastores
        for version in datastore.versions
        if SUBSTRATE in version.substrates and version.substrates[SUBSTRATE].debian
    ]


def reason_file(engines: Path, name: str) -> Path:
    """Where it is remembered, in one line, why a tree could not be made."""
    return engines / f"{name}.reason"

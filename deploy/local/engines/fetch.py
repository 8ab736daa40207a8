"""Makes the private trees. Each is made aside and renamed: it is there whole or not at all, whoever interrupts."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from datastores.catalog import Catalog
from deploy.local.engines import packages, programs, tools, trees
from deploy.local.engines.packages import Apt, PackageError
from deploy.local.engines.trees import Tree

FETCH_COMMAND = "trovectl datastores --fetch"
Say = Callable[[str], None]


def fetch(catalog: Catalog, engines: Path, say: Say) -> None:
    """Make the trees that are missing, and say of each in a line how it went. One that cannot be made is left out.

    Raises OSError when the directory `engines` cannot be written.
    """
    engines.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _lock(engines, say), tempfile.TemporaryDirectory(prefix="trove-engines-") as scratch:
        Path(scratch).chmod(0o755)
        _sweep(engines)
        apt = Apt(Path(scratch))
        for tree in (tree for tree in trees.wanted(catalog) if not tree.is_in(engines)):
            began = time.monotonic()
            try:
                how = _Making(catalog, tree, engines).make(apt, Path(scratch) / "packages")
            except PackageError as error:
                trees.reason_file(engines, tree.name).write_text(f"{error}\n")
                say(f"left out: {tree.words}: {error}; get it with: {FETCH_COMMAND}")
            else:
                say(f"{tree.words}: {how}, {time.monotonic() - began:.1f} s")


def fetch_tools(engines: Path, say: Say) -> None:
    """Unpack the tools that this machine lacks, and say so. Raises OSError when `engines` cannot be written."""
    names = ", ".join(tools.missing(engines))
    if not names:
        return
    with _lock(engines, say), tempfile.TemporaryDirectory(prefix="trove-engines-") as scratch:
        Path(scratch).chmod(0o755)
        try:
            tools.fetch(engines, Apt(Path(scratch)), Path(scratch))
        except PackageError as error:
            say(f"left out: {names}: {error}; get it with: {FETCH_COMMAND}")
        else:
            say(f"{names}: unpacked")


class _Making:
    """The making of one tree."""

    def __init__(self, catalog: Catalog, tree: Tree, engines: Path) -> None:
        self._datastore = catalog.find(tree.datastore)
        self._tree = tree
        self._engines = engines
        self._aside = engines / f".new.{os.urandom(4).hex()}"
        self._made = self._aside / tree.name

    def make(self, apt: Apt, downloads: Path) -> str:
        """From packages, or else as a link to the system; tells which. Raises PackageError."""
        self._aside.mkdir(mode=0o755)
        try:
            how = self._unpacked_or_linked(apt, downloads)
            self._take_place()
        finally:
            shutil.rmtree(self._aside)
        return how

    def _unpacked_or_linked(self, apt: Apt, downloads: Path) -> str:
        try:
            return self._unpacked(apt, downloads)
        except PackageError as error:
            if not self._linked():
                raise
            return f"the system's own ({error})"

    def _unpacked(self, apt: Apt, downloads: Path) -> str:
        files = apt.download(self._tree.packages, downloads)
        first = packages.name_of(self._tree.packages[0])
        named = next(file for file in files if file.name.startswith(f"{first}_"))
        packages.check_version(first, self._tree.number, packages.version_of(named))
        self._made.mkdir(mode=0o755)
        packages.unpack(files, self._made)
        self._made.chmod(0o755)
        self._tree.mark(self._made)
        if problem := self._problem():
            raise PackageError(f"the packages lack something: {problem}")
        return f"{len(files)} packages, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB"

    def _linked(self) -> bool:
        """Whether the system has this release installed, and the tree is now a link to it."""
        first = packages.name_of(self._tree.packages[0])
        try:
            packages.check_version(first, self._tree.number, packages.installed_version(first) or self._tree.number)
        except PackageError:
            return False
        shutil.rmtree(self._made, ignore_errors=True)
        self._made.symlink_to("/")
        return self._problem() is None

    def _problem(self) -> str | None:
        return programs.problem(self._datastore, self._tree.version, self._aside)

    def _take_place(self) -> None:
        place = self._engines / self._tree.name
        if place.is_symlink() or place.exists():
            place.rename(self._aside / "old")
        self._made.rename(place)


@contextmanager
def _lock(engines: Path, say: Say) -> Iterator[None]:
    """One set-up at a time makes trees."""
    descriptor = os.open(engines / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another set-up that fills {engines}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(engines: Path) -> None:
    """Remove what an interrupted making left, and the reasons of earlier runs. Needs the lock."""
    for path in engines.glob(".new.*"):
        shutil.rmtree(path)
    for path in engines.glob("*.reason"):
        path.unlink()

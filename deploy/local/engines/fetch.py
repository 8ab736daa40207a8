"""Builds the private trees. Each is built in a scratch directory and then renamed, so none is ever half built."""

import fcntl
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from datastores.catalog import Catalog
from deploy.local.engines import packages, programs, proxy, tools, trees
from deploy.local.engines.packages import Apt, PackageError
from deploy.local.engines.trees import Tree

FETCH_COMMAND = "trovectl datastores --fetch"
Report = Callable[[str], None]
Check = Callable[[Path], str | None]
"""Returns why the programs of a tree cannot be used below a directory, None if they can."""


def fetch(catalog: Catalog, engines: Path, report: Report) -> None:
    """Build the trees of datastores that are missing; report a line for each. A tree that cannot be built is skipped.

    Raises OSError if the directory `engines` cannot be written.
    """
    engines.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _lock(engines, report):
        _remove_leftovers(engines)
        checks = {
            tree: functools.partial(programs.problem, catalog.find(tree.datastore), tree.version)
            for tree in trees.wanted(catalog)
        }
        _fetch_trees(checks, engines, report)


def fetch_proxy(engines: Path, report: Report) -> None:
    """Build the tree of the endpoints' proxy, as `fetch` does. Raises OSError if `engines` cannot be written."""
    with _lock(engines, report):
        _fetch_trees({proxy.TREE: proxy.problem}, engines, report)


def _fetch_trees(checks: Mapping[Tree, Check], engines: Path, report: Report) -> None:
    """Build the trees that are missing. Needs the lock."""
    with tempfile.TemporaryDirectory(prefix="trove-engines-") as scratch:
        Path(scratch).chmod(0o755)
        apt = Apt(Path(scratch))
        for tree in (tree for tree in checks if not tree.is_in(engines)):
            began = time.monotonic()
            try:
                how = _TreeBuilder(tree, checks[tree], engines).build(apt, Path(scratch) / "packages")
            except PackageError as error:
                trees.reason_file(engines, tree.name).write_text(f"{error}\n")
                report(f"left out: {tree.words}: {error}; get it with: {FETCH_COMMAND}")
            else:
                report(f"{tree.words}: {how}, {time.monotonic() - began:.1f} s")


def fetch_tools(engines: Path, report: Report) -> None:
    """Unpack the tools that this machine lacks; report a line. Raises OSError if `engines` cannot be written."""
    names = ", ".join(tools.missing(engines))
    if not names:
        return
    with _lock(engines, report), tempfile.TemporaryDirectory(prefix="trove-engines-") as scratch:
        Path(scratch).chmod(0o755)
        try:
            tools.fetch(engines, Apt(Path(scratch)), Path(scratch))
        except PackageError as error:
            report(f"left out: {names}: {error}; get it with: {FETCH_COMMAND}")
        else:
            report(f"{names}: unpacked")


class _TreeBuilder:
    """Builds one tree."""

    def __init__(self, tree: Tree, check: Check, engines: Path) -> None:
        self._tree = tree
        self._check = check
        self._engines = engines
        self._scratch = engines / f".new.{os.urandom(4).hex()}"
        self._built = self._scratch / tree.name

    def build(self, apt: Apt, downloads: Path) -> str:
        """Build the tree from packages, or else as a link to the system; return a text that tells which.

        Raises:
            PackageError: the packages cannot be fetched, and the system lacks the programs.
        """
        self._scratch.mkdir(mode=0o755)
        try:
            how = self._unpack_or_link(apt, downloads)
            self._install()
        finally:
            shutil.rmtree(self._scratch)
        return how

    def _unpack_or_link(self, apt: Apt, downloads: Path) -> str:
        try:
            return self._unpack(apt, downloads)
        except PackageError as error:
            if not self._link():
                raise
            return f"the system's own ({error})"

    def _unpack(self, apt: Apt, downloads: Path) -> str:
        files = apt.download(self._tree.packages, downloads)
        first = packages.name_of(self._tree.packages[0])
        named = next(file for file in files if file.name.startswith(f"{first}_"))
        packages.check_version(first, self._tree.number, packages.version_of(named))
        self._built.mkdir(mode=0o755)
        packages.unpack(files, self._built)
        self._built.chmod(0o755)
        self._tree.mark(self._built)
        if problem := self._problem():
            raise PackageError(f"the packages lack something: {problem}")
        return f"{len(files)} packages, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB"

    def _link(self) -> bool:
        """Make the tree a link to the system if the system has this release; return whether it has."""
        first = packages.name_of(self._tree.packages[0])
        try:
            packages.check_version(first, self._tree.number, packages.installed_version(first) or self._tree.number)
        except PackageError:
            return False
        shutil.rmtree(self._built, ignore_errors=True)
        self._built.symlink_to("/")
        return self._problem() is None

    def _problem(self) -> str | None:
        return self._check(self._scratch)

    def _install(self) -> None:
        target = self._engines / self._tree.name
        if target.is_symlink() or target.exists():
            target.rename(self._scratch / "old")
        self._built.rename(target)


@contextmanager
def _lock(engines: Path, report: Report) -> Iterator[None]:
    """Hold the lock of the directory of trees, which one set-up at a time may change."""
    descriptor = os.open(engines / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"waiting for another set-up that fills {engines}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(engines: Path) -> None:
    """Remove half-built trees of interrupted runs, and the failure reasons of earlier runs. Needs the lock."""
    for path in engines.glob(".new.*"):
        shutil.rmtree(path)
    for path in engines.glob("*.reason"):
        path.unlink()

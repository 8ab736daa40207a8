"""Programs that stock restores and tests call and that a minimal system lacks: unpacked like the datastores' own."""

import os
import shutil
from pathlib import Path

from deploy.local.engines import packages
from deploy.local.engines.packages import Apt

PACKAGES = ("zstd",)
"""Each is a Debian package and the program in it."""
TREE = "tools"


def missing(engines: Path) -> list[str]:
    """The programs that neither the system nor the tree has."""
    return [name for name in PACKAGES if not shutil.which(name, path=search_path(engines))]


def search_path(engines: Path) -> str:
    """A PATH on which the programs are found once they were fetched: the system's, then the tree's."""
    return f"{os.environ.get('PATH', os.defpath)}:{engines / TREE / 'usr' / 'bin'}"


def fetch(engines: Path, apt: Apt, scratch: Path) -> None:
    """Unpack the packages below `engines`; the tree is there whole or not at all. Raises PackageError."""
    aside = scratch / TREE
    aside.mkdir(mode=0o755)
    packages.unpack(apt.download(PACKAGES, scratch / "packages"), aside)
    shutil.rmtree(engines / TREE, ignore_errors=True)
    shutil.copytree(aside, engines / f".new.{TREE}", symlinks=True)
    (engines / f".new.{TREE}").rename(engines / TREE)

"""Tools that restores with stock programs and tests call and a minimal system lacks, unpacked from Debian packages."""

import os
import shutil
from pathlib import Path

from deploy.local.engines import packages
from deploy.local.engines.packages import Apt

FILES = {"zstd": "usr/bin/zstd", "libfaketime": "usr/lib/*/faketime/libfaketime.so.1"}
"""The file that is needed of each Debian package."""
TREE = "tools"


def missing(engines: Path) -> list[str]:
    """Return the packages whose file neither the system nor the tree has."""
    return [name for name in FILES if find(name, engines) is None]


def find(name: str, engines: Path) -> Path | None:
    """Return the package's file: the system's, else the tree's, else None."""
    return next((path for root in (Path("/"), engines / TREE) for path in root.glob(FILES[name])), None)


def search_path(engines: Path) -> str:
    """Return a PATH with the system's directories, then the tree's."""
    return f"{os.environ.get('PATH', os.defpath)}:{engines / TREE / 'usr' / 'bin'}"


def fetch(engines: Path, apt: Apt, scratch: Path) -> None:
    """Unpack the packages below `engines`, by renaming a complete tree. Raises PackageError."""
    unpacked = scratch / TREE
    unpacked.mkdir(mode=0o755)
    packages.unpack(apt.download([*FILES], scratch / "packages"), unpacked)
    shutil.rmtree(engines / TREE, ignore_errors=True)
    shutil.copytree(unpacked, engines / f".new.{TREE}", symlinks=True)
    (engines / f".new.{TREE}").rename(engines / TREE)

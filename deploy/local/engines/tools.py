"""What stock restores and tests call and a minimal system lacks: unpacked like the datastores' own programs."""

import os
import shutil
from pathlib import Path

from deploy.local.engines import packages
from deploy.local.engines.packages import Apt

FILES = {"zstd": "usr/bin/zstd", "libfaketime": "usr/lib/*/faketime/libfaketime.so.1"}
"""The Debian packages, each with the file that is wanted of it."""
TREE = "tools"


def missing(engines: Path) -> list[str]:
    """The packages of whose files neither the system nor the tree has one."""
    return [name for name in FILES if find(name, engines) is None]


def find(name: str, engines: Path) -> Path | None:
    """The package's file: the system's, else the tree's; None where neither has it."""
    return next((path for root in (Path("/"), engines / TREE) for path in root.glob(FILES[name])), None)


def search_path(engines: Path) -> str:
    """A PATH on which the programs are found once they were fetched: the system's, then the tree's."""
    return f"{os.environ.get('PATH', os.defpath)}:{engines / TREE / 'usr' / 'bin'}"


def fetch(engines: Path, apt: Apt, scratch: Path) -> None:
    """Unpack the packages below `engines`; the tree is there whole or not at all. Raises PackageError."""
    aside = scratch / TREE
    aside.mkdir(mode=0o755)
    packages.unpack(apt.download([*FILES], scratch / "packages"), aside)
    shutil.rmtree(engines / TREE, ignore_errors=True)
    shutil.copytree(aside, engines / f".new.{TREE}", symlinks=True)
    (engines / f".new.{TREE}").rename(engines / TREE)

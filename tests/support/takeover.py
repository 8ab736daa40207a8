"""The upgrade of PostgreSQL that this machine's versions can show."""

import os
import subprocess
from pathlib import Path

import pytest

from datastores.catalog import catalog
from deploy.local.engines import programs, trees

OLD, NEW = "15", "18"
MARK = "composite_type_mismatch"
"""A parameter that came with PostgreSQL 15.20 and 18.7, as did marks in the catalog that 18 knows from then on."""


def require_takeover() -> None:
    """Skip where the old version's release is the newer one of the two: PostgreSQL wants it the other way round."""
    if _knows_mark(OLD) and not _knows_mark(NEW):
        pytest.skip(f"the release of PostgreSQL {NEW} here is older than that of {OLD}: its data cannot be taken over")


def _knows_mark(name: str) -> bool:
    engines = trees.directory()
    tree = engines / f"postgresql-{name}"
    bin_directory = catalog().version("postgresql", name).substrates[trees.SUBSTRATE].programs
    postgres = Path(bin_directory.format(debian=tree, **programs.software(engines)), "postgres")
    libraries = ":".join(str(path) for path in tree.glob("usr/lib/*-linux-gnu"))
    described = subprocess.run(
        [postgres, "--describe-config"],
        capture_output=True,
        check=True,
        env=os.environ | ({"LD_LIBRARY_PATH": libraries} if libraries else {}),
    )
    return MARK.encode() in described.stdout

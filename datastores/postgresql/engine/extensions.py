"""Extensions that tenants create without being superuser: those that the datastore allows are trusted.

An extension says in its control file whether who may create objects in a database may create it there
(PostgreSQL's manual, 38.17.1, `trusted`). The file belongs to the programs, so only who installs them can say more.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from datastores.host import files
from datastores.host.engine import Version

_TRUSTED = re.compile(r"^\s*trusted\s*=.*$", re.MULTILINE)
_READABLE = 0o644


def trust(version: Version) -> None:
    """Make the allowed extensions trusted, where this process may change the programs and they are not the system's
    own behind a link."""
    place = directory(version)
    if not os.access(place, os.W_OK) or _is_borrowed(place):
        return
    for name in version.extensions:
        control = place / f"{name}.control"
        _name(control)
        if control.exists():
            _trust(control)


def missing(version: Version, names: set[str]) -> set[str]:
    """Those of the extensions that are not among the programs."""
    return {name for name in names if not (directory(version) / f"{name}.control").exists()}


def directory(version: Version) -> Path:
    """Where the control files are: as the programs were built, or as Debian has them."""
    prefix = version.programs.parent
    debian = prefix.parents[2] / "share" / "postgresql" / version.number / "extension"
    return debian if debian.is_dir() else prefix / "share" / "extension"


def _is_borrowed(place: Path) -> bool:
    return place.resolve().is_relative_to("/usr") and not place.is_relative_to("/usr")


def _name(control: Path) -> None:
    """Do what Debian's alternatives do when a package is installed, not unpacked: postgis-3 is postgis."""
    versions = sorted(control.parent.glob(f"{control.stem}-[0-9]*.control"))
    if versions and not control.exists():
        files.write_text(control, versions[-1].read_text(encoding="utf-8"), _READABLE)


def _trust(control: Path) -> None:
    text = control.read_text(encoding="utf-8")
    said = _TRUSTED.sub("trusted = true", text) if _TRUSTED.search(text) else f"{text.rstrip()}\ntrusted = true\n"
    if said != text:
        files.write_text(control, said, _READABLE)

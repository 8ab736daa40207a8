"""How far an upgrade of the data is, by the directories that are there.

directory             what is in it
postgresql            the data: of this version, once the directory was exchanged
postgresql.tmp        what pg_upgrade makes; whole, when there is no `postgresql`
postgresql.before     the data of the earlier version, untouched
postgresql.replaced   the same, when there is no way back any more

The way back is open until this version has started on the data once, without the network: no tenant can have written
what going back would lose.
"""

from __future__ import annotations

import os
from pathlib import Path

from datastores.host import files
from datastores.host.errors import ProgramFailed
from datastores.postgresql.engine.node import Node

_MISSING_STATISTICS_SINCE = 18


def unproven(node: Node) -> bool:
    """Whether the data was converted, and this version has not yet shown that it can start on it."""
    return before(node).exists() and number(node.data) == str(node.major)


def proven(node: Node) -> bool:
    """Whether the data is this version's, and there is no way back to an earlier one."""
    return number(node.data) == str(node.major) and not before(node).exists()


def prove(node: Node) -> None:
    """This version has started on the data: there is no way back from here on."""
    before(node).rename(_replaced(node))


def settle(node: Node) -> None:
    """Make the statistics that pg_upgrade does not bring, and let the earlier version's data go; the server runs."""
    if not _replaced(node).exists():
        return
    missing = ["--missing-stats-only"] if node.major >= _MISSING_STATISTICS_SINCE else []
    command: list[str | Path] = [node.bin / "vacuumdb", "-w", "--all", "--analyze-in-stages", *missing]
    try:
        node.programs.run(command, environment=node.connection())
    except ProgramFailed as error:  # the server makes them in time, too
        os.write(2, f"statistics were not made: {error}\n".encode())
    files.remove_tree(_replaced(node))


def number(data: Path) -> str:
    """The major version whose data is in a directory; empty when there is none."""
    version = data / "PG_VERSION"
    return version.read_text().strip() if version.exists() else ""


def before(node: Node) -> Path:
    """The directory of the earlier version's data."""
    return node.data.with_suffix(".before")


def _replaced(node: Node) -> Path:
    return node.data.with_suffix(".replaced")

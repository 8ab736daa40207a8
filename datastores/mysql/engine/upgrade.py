"""The system tables of another release made this one's, after its first start with the data."""

from __future__ import annotations

from datastores.host import files
from datastores.mysql.engine.node import Node

_LONGEST = 100


def upgrade(node: Node) -> None:
    """Run the product's program unless the file that it leaves names the running version; nothing where the server
    upgrades by itself. Raises ProgramFailed."""
    info = node.product.upgrade_info
    if info is None:
        return
    running = node.sql("SELECT VERSION();\n").partition("-")[0]
    if not any(files.tail(path, _LONGEST).startswith(f"{running}-") for path in node.data.glob(info)):
        node.programs.run(node.product.upgrade(node))


def note(node: Node, version: str) -> None:
    """The system tables in the data directory that is being made are of that version."""
    if node.product.upgrade_info is not None and version:
        node.write(node.staging / "mysql_upgrade_info", version)

"""The system tables of another release made this one's, after its first start with the data."""

from __future__ import annotations

from datastores.host import files
from datastores.mysql.engine_server import Server

_LONGEST = 100


def upgrade(server: Server) -> None:
    """Run the product's program unless the file that it leaves names the running version; nothing where the server
    upgrades by itself. Raises ProgramFailed."""
    info = server.product.upgrade_info
    if info is None:
        return
    running = server.sql("SELECT VERSION();\n").partition("-")[0]
    if not any(files.tail(path, _LONGEST).startswith(f"{running}-") for path in server.data.glob(info)):
        server.programs.run(server.product.upgrade(server))


def note(server: Server, version: str) -> None:
    """The system tables in the data directory that is being made are of that version."""
    if server.product.upgrade_info is not None and version:
        server.write(server.making / "mysql_upgrade_info", version)

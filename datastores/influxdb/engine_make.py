"""Making data: a server that nobody else can reach gets its administrator before it gets its name and its address."""

from __future__ import annotations

from pathlib import Path

from datastores.host import aside, files
from datastores.influxdb import engine_config
from datastores.influxdb.engine_server import Server


def make(server: Server) -> None:
    """Empty data in which only users with a password may do anything, made aside and renamed."""
    if server.data.exists():
        return
    files.remove_tree(server.making)
    server.making.mkdir(mode=0o700)
    server.facts.give(server.making)
    conf = engine_config.write_alone(server)
    command: list[str | Path] = [server.bin / "influxd", "-config", conf]
    with aside.running(server.programs, command, server.daemon.directory, server.version):
        server.make_administrator()
    conf.unlink()
    server.making.rename(server.data)

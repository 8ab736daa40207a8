"""InfluxDB, version 1: one server."""

from __future__ import annotations

from datastores.host import bootstrap, lifecycle
from datastores.host.roles import server
from datastores.influxdb.engine import config
from datastores.influxdb.engine.node import TITLE, Node
from datastores.protocol.engine import EngineStatus, Settings


class Server(server.Server):
    """One InfluxDB server, administered through its socket."""

    node: Node

    def install(self) -> None:
        self.node.require_programs(TITLE, ["influxd"])

    def initialize(self) -> None:
        """Make empty data in which only users with a password may do anything: a server that nobody else can reach gets
        its administrator before the data gets its name."""
        node = self.node
        node.facts.make_empty(node.staging)
        conf = config.write_alone(node)
        with bootstrap.running(
            node.programs, [node.bin / "influxd", "-config", conf], node.daemon.directory, node.exact_version
        ):
            node.make_administrator()
        conf.unlink()
        node.commit_staging()

    def configure(self, settings: Settings) -> None:
        config.write(self.node, settings)

    def start(self) -> None:
        if not self.running():
            config.move_snapshots(self.node)
        self.node.daemon.start()

    def stop(self) -> None:
        self.node.daemon.stop()

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        return EngineStatus(running=True, version=self.node.exact_version())

    def running(self) -> bool:
        return self.node.daemon.runs()

    def grown(self, settings: Settings) -> None:
        """Start anew: once its volume was full, InfluxDB fails every write to a shard until then."""
        if self.running():
            lifecycle.restart(self.node.engine)

"""VictoriaMetrics: a single node."""

from __future__ import annotations

from datastores.host import lifecycle
from datastores.host.roles import server
from datastores.protocol.engine import EngineStatus, Settings
from datastores.victoriametrics.engine import flags
from datastores.victoriametrics.engine.node import PROGRAM, TITLE, Node


class Server(server.Server):
    """One server; it keeps the newest seconds in memory, as its manual says: a killed one has lost them."""

    node: Node

    def install(self) -> None:
        self.node.require_programs(TITLE, [PROGRAM])

    def initialize(self) -> None:
        """Make an empty directory: the server makes the rest."""
        self.node.facts.make_empty(self.node.staging)
        self.node.commit_staging()

    def configure(self, settings: Settings) -> None:
        flags.write(self.node, flags.variables(self.node, settings))

    def start(self) -> None:
        self.node.daemon.start()
        if not flags.changed(self.node):
            self.node.flags_file.keep()

    def stop(self) -> None:
        self.node.daemon.stop()

    def status(self) -> EngineStatus:
        """The server does not tell its version where it was built by a distribution: the datastore version's number."""
        running = self.running()
        return EngineStatus(running=running, version=self.node.version.number if running else None)

    def running(self) -> bool:
        return self.node.daemon.runs()

    def grown(self, settings: Settings) -> None:
        if self.running() and self.node.read_only():
            lifecycle.restart(self.node.engine)

"""VictoriaMetrics' engine: a single node."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.host.engine import BackupState, Engine, Version
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.host.streams import Sink, Source
from datastores.protocol.engine import EngineStatus, Settings
from datastores.victoriametrics import engine_backup, engine_config
from datastores.victoriametrics.engine_server import PROGRAM, Metrics


class VictoriaMetricsEngine(Engine):
    """One server; it keeps the newest seconds in memory, as its manual says: a killed one has lost them."""

    def __init__(self, facts: Facts, version: Version) -> None:
        super().__init__(facts, version)
        self.metrics = Metrics(facts, self.programs, version.programs, version.ports[0])

    def install(self) -> None:
        if not (self.version.programs / PROGRAM).exists():
            raise BadRequest(
                f"VictoriaMetrics {self.version.name} is not on this host ({PROGRAM} not in {self.version.programs}):"
                f" use an image with {self.version.package}"
            )

    def initialize(self) -> None:
        """An empty directory: the server makes the rest."""
        self.metrics.data.mkdir(mode=0o700, exist_ok=True)
        self.facts.give(self.metrics.data)

    def configure(self, settings: Settings) -> None:
        engine_config.write(self.metrics, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        """VictoriaMetrics cannot tell networks apart: the substrate does."""

    def start(self) -> None:
        self.metrics.daemon.start()
        if not engine_config.restart_required(self.metrics):
            engine_config.keep(self.metrics)

    def stop(self) -> None:
        self.metrics.daemon.stop()

    def status(self) -> EngineStatus:
        """The server does not tell its version where it was built by a distribution: the datastore version's number."""
        running = self.running()
        return EngineStatus(running=running, version=self.version.number if running else None)

    def grown(self, settings: Settings) -> None:
        if self.running() and self.metrics.read_only():
            self.restart()

    def tls(self) -> bool:
        return engine_config.tls(self.metrics)

    def reload_certificate(self) -> bool:
        """The server reads it again by itself, within a second."""
        return True

    def running(self) -> bool:
        return self.metrics.daemon.runs()

    def reconfigure(self, settings: Settings) -> None:
        engine_config.change(self.metrics, settings)

    def restart_required(self) -> bool:
        return engine_config.restart_required(self.metrics)

    def go_back(self) -> bool:
        return engine_config.go_back(self.metrics)

    def log(self, name: str) -> Log:
        if name != "general":
            raise BadRequest(f"VictoriaMetrics has no log '{name}': it has 'general'")
        return self.metrics.daemon.log

    def backup(self, sink: Sink, state: BackupState) -> None:
        engine_backup.dump(self.metrics, sink)

    def backup_bytes(self) -> int:
        return engine_backup.size(self.metrics)

    def restore(self, layers: Iterable[Source]) -> None:
        engine_backup.load(self.metrics, layers)


ENGINE = VictoriaMetricsEngine

"""Memcached's engine."""

from __future__ import annotations

from datastores.host import files
from datastores.host.engine import Engine, Version
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.memcached import engine_options, engine_server, engine_tls
from datastores.memcached.engine_server import NAME, Server
from datastores.protocol.engine import EngineStatus, Settings

_ERROR = "error"


class MemcachedEngine(Engine):
    """One Memcached server. It has no users and no data that outlives it: who reaches it may use it."""

    def __init__(self, facts: Facts, version: Version) -> None:
        super().__init__(facts, version)
        self.server = Server(facts, self.programs, version.programs / NAME, version.ports[0])

    def install(self) -> None:
        if not self.server.program.exists():
            raise BadRequest(
                f"Memcached {self.version.name} is not on this host ({self.server.program} is not there):"
                f" use an image with {self.version.package}"
            )

    def initialize(self) -> None:
        self.server.directory.mkdir(mode=0o700, exist_ok=True)
        self.facts.give(self.server.directory)

    def configure(self, settings: Settings) -> None:
        engine_options.options(settings)
        files.write_json(self.server.settings_file, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        """Left to the substrate: the server cannot tell networks apart."""

    def start(self) -> None:
        engine_server.start(self.server)

    def stop(self) -> None:
        self.server.daemon.stop()

    def tls(self) -> bool:
        return engine_tls.serves(self.server.daemon)

    def reload_certificate(self) -> bool:
        engine_tls.reload(self.facts.address, self.version.ports[0])
        return True

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        return EngineStatus(running=True, version=engine_server.version(self.server))

    def running(self) -> bool:
        return self.server.daemon.runs()

    def reconfigure(self, settings: Settings) -> None:
        engine_server.apply(self.server, settings)

    def restart_required(self) -> bool:
        return engine_server.restart_required(self.server)

    def go_back(self) -> bool:
        return engine_server.go_back(self.server)

    def log(self, name: str) -> Log:
        if name != _ERROR:
            raise BadRequest(f"Memcached has no log '{name}': it has '{_ERROR}'")
        return Log((self.server.log,))


ENGINE = MemcachedEngine

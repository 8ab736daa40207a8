"""The engine of Redis, and of the family."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.host import files
from datastores.host.engine import BackupState, Engine, Version
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.host.streams import Sink, Source
from datastores.protocol.accounts import AccountList, User, UserChange, UserName
from datastores.protocol.engine import EngineStatus, Settings
from datastores.redis import (
    engine_backup,
    engine_config,
    engine_logs,
    engine_reconfigure,
    engine_restore,
    engine_start,
    engine_users,
)
from datastores.redis.engine_client import ConnectionsTaken
from datastores.redis.engine_server import Product, Server


class RedisEngine(Engine):
    """One server; administration goes through its socket."""

    backup_format = "rdb.tar"
    product = Product("redis", "Redis", "redis-server")

    def __init__(self, facts: Facts, version: Version) -> None:
        super().__init__(facts, version)
        program = version.programs / self.product.program
        self.server = Server(facts, self.programs, self.product, program, version.ports[0])

    def install(self) -> None:
        if not self.server.program.exists():
            raise BadRequest(
                f"{self.product.title} {self.version.name} is not on this host ({self.server.program} is not there):"
                f" use an image with {self.version.package}"
            )

    def initialize(self) -> None:
        """An empty directory: the server makes its files when it starts."""
        server = self.server
        if server.data.exists():
            return
        files.remove_tree(server.making)
        server.making.mkdir(mode=0o700)
        self.facts.give(server.making)
        server.making.rename(server.data)

    def configure(self, settings: Settings) -> None:
        engine_users.prepare(self.server)
        engine_config.write(self.server, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        """Left to the substrate: the server cannot tell networks apart."""

    def start(self) -> None:
        engine_start.start(self.server)
        engine_reconfigure.keep(self.server)

    def stop(self) -> None:
        engine_start.stop(self.server)

    def tls(self) -> bool:
        return engine_config.serves_tls(engine_reconfigure.started_with(self.server))

    def reload_certificate(self) -> bool:
        engine_config.reload_certificate(self.server)
        return True

    def status(self) -> EngineStatus:
        if not engine_start.runs(self.server):
            return EngineStatus(running=False)
        try:
            with self.server.admin() as client:
                about = client.info("server")
        except ConnectionsTaken as taken:
            return EngineStatus(running=True, problem=str(taken))
        return EngineStatus(running=True, version=about.get(f"{self.product.name}_version"))

    def running(self) -> bool:
        return engine_start.runs(self.server)

    def create_users(self, users: list[User]) -> None:
        for user in users:
            self.check_user(user.name, user.host)
            self._refuse_databases(list(user.databases))
        if users:
            engine_users.create(self.server, users)

    def update_user(self, change: UserChange) -> None:
        self.check_user(change.user.name, change.user.host)
        self.check_user(change.new_name or change.name, change.new_host)
        engine_users.update(self.server, change)

    def delete_user(self, user: UserName) -> None:
        self.check_user(user.name, user.host)
        engine_users.delete(self.server, user.name)

    def grant(self, user: UserName, databases: list[str]) -> None:
        self._refuse_databases(databases)

    def revoke(self, user: UserName, databases: list[str]) -> None:
        self._refuse_databases(databases)

    def accounts(self) -> AccountList:
        return engine_users.accounts(self.server, self.version.names)

    def reconfigure(self, settings: Settings) -> None:
        engine_reconfigure.apply(self.server, settings)

    def restart_required(self) -> bool:
        return engine_reconfigure.restart_required(self.server)

    def go_back(self) -> bool:
        return engine_reconfigure.go_back(self.server)

    def log(self, name: str) -> Log:
        return engine_logs.log(self.server, name)

    def backup(self, sink: Sink, state: BackupState) -> None:
        engine_backup.dump(self.server, sink)

    def backup_bytes(self) -> int | None:
        return engine_backup.size(self.server)

    def restore(self, layers: Iterable[Source]) -> None:
        engine_restore.load(self.server, layers)

    def _refuse_databases(self, databases: list[str]) -> None:
        if databases:
            raise BadRequest(
                f"{self.product.title} has no databases that a user is granted: leave out {', '.join(databases)}"
            )


ENGINE = RedisEngine

"""InfluxDB's engine: version 1, one server."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.host.engine import BackupState, Engine, Version
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.host.names import DATABASE
from datastores.host.streams import Sink, Source
from datastores.influxdb import engine_backup, engine_config, engine_make, engine_tenants
from datastores.influxdb.engine_server import Server
from datastores.protocol.accounts import AccountList, Database, User, UserChange, UserName
from datastores.protocol.engine import EngineStatus, Settings

_NOT_IN_NAMES = "/\\"  # a database is a directory


class InfluxdbEngine(Engine):
    """One InfluxDB server, administered through its socket."""

    def __init__(self, facts: Facts, version: Version) -> None:
        super().__init__(facts, version)
        self.server = Server(facts, self.programs, version.programs, version.ports[0])

    def install(self) -> None:
        if not (self.version.programs / "influxd").exists():
            raise BadRequest(
                f"InfluxDB {self.version.name} is not on this host (influxd not in {self.version.programs}):"
                f" use an image with {self.version.package}"
            )

    def initialize(self) -> None:
        engine_make.make(self.server)

    def configure(self, settings: Settings) -> None:
        engine_config.write(self.server, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        """InfluxDB cannot tell networks apart: the substrate does."""

    def start(self) -> None:
        if not self.running():
            engine_config.move_snapshots(self.server)
        self.server.daemon.start()

    def stop(self) -> None:
        self.server.daemon.stop()

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        return EngineStatus(running=True, version=self.server.version())

    def grown(self, settings: Settings) -> None:
        """Start anew: once its volume was full, it fails every write to a shard until then."""
        if self.running():
            self.restart()

    def tls(self) -> bool:
        return engine_config.has_tls(self.server)

    def running(self) -> bool:
        return self.server.daemon.runs()

    def create_databases(self, databases: list[Database]) -> None:
        for database in databases:
            self.check_name(DATABASE, database.name)
            if database.character_set or database.collate:
                raise BadRequest("InfluxDB's databases have no character set and no collation")
        engine_tenants.create_databases(self.server, databases)

    def delete_database(self, name: str) -> None:
        self.check_name(DATABASE, name)
        engine_tenants.delete_database(self.server, name)

    def create_users(self, users: list[User]) -> None:
        for user in users:
            self.check_user(user.name, user.host)
            self.check_databases(user.databases)
        engine_tenants.create_users(self.server, users)

    def update_user(self, change: UserChange) -> None:
        self.check_user(change.user.name, change.user.host)
        self.check_user(change.new_name or change.name, change.new_host)
        engine_tenants.update_user(self.server, change)

    def delete_user(self, user: UserName) -> None:
        self.check_user(user.name, user.host)
        engine_tenants.delete_user(self.server, user.name)

    def grant(self, user: UserName, databases: list[str]) -> None:
        self.check_user(user.name, user.host)
        self.check_databases(databases)
        engine_tenants.grant(self.server, user.name, databases)

    def revoke(self, user: UserName, databases: list[str]) -> None:
        self.check_user(user.name, user.host)
        self.check_databases(databases)
        engine_tenants.revoke(self.server, user.name, databases)

    def accounts(self) -> AccountList:
        return engine_tenants.accounts(self.server, self.version.names)

    def log(self, name: str) -> Log:
        if name != "general":
            raise BadRequest(f"InfluxDB has no log '{name}': it has 'general'")
        return self.server.daemon.log

    def backup(self, sink: Sink, state: BackupState) -> None:
        engine_backup.dump(self.server, sink)

    def backup_bytes(self) -> int:
        return engine_backup.size(self.server)

    def restore(self, layers: Iterable[Source]) -> None:
        engine_backup.load(self.server, layers)

    def verify(self) -> None:
        """See that the data obeys this host's administrator."""
        self.accounts()

    def check_name(self, kind: str, name: str) -> None:
        """Besides the rules of every datastore: a database's name is a directory's, printable. Raises BadRequest."""
        super().check_name(kind, name)
        is_directory = name not in {".", ".."} and not set(name) & set(_NOT_IN_NAMES)
        if kind == DATABASE and not (is_directory and name.isprintable()):
            raise BadRequest(f"the database name {name!r} has a character that InfluxDB does not take there")


ENGINE = InfluxdbEngine

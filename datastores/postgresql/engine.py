"""PostgreSQL's engine."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.host.engine import BackupState, Engine, Version
from datastores.host.errors import BadRequest, EngineError
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.host.names import DATABASE
from datastores.host.streams import Sink, Source
from datastores.postgresql import (
    engine_access,
    engine_accounts,
    engine_backup,
    engine_config,
    engine_convert,
    engine_extensions,
    engine_logs,
    engine_reconfigure,
    engine_restore,
    engine_start,
    engine_tenants,
)
from datastores.postgresql.engine_cluster import Cluster
from datastores.protocol.accounts import AccountList, Database, User, UserChange, UserName
from datastores.protocol.engine import EngineStatus, Settings

_PROGRAMS = ("initdb", "pg_ctl", "postgres", "psql", "pg_basebackup", "pg_verifybackup")


class PostgresqlEngine(Engine):
    """One PostgreSQL server; administration goes through its socket as the OS user that runs it."""

    def __init__(self, facts: Facts, version: Version) -> None:
        super().__init__(facts, version)
        self.cluster = Cluster(facts, self.programs, version.programs, int(version.number), version.ports[0])

    def install(self) -> None:
        missing = [name for name in _PROGRAMS if not (self.version.programs / name).exists()]
        if missing:
            raise BadRequest(
                f"PostgreSQL {self.version.name} is not on this host ({', '.join(missing)} not in"
                f" {self.version.programs}): use an image with {self.version.package}"
            )
        engine_extensions.trust(self.version)

    def initialize(self) -> None:
        if self.cluster.data.exists():
            return
        engine_convert.initdb(self.cluster)
        self.cluster.take_place()

    def configure(self, settings: Settings) -> None:
        engine_config.write(self.cluster, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        engine_access.limit(self.cluster, cidrs)

    def start(self) -> None:
        """Start; data that was converted is looked at first, while going back would lose nothing."""
        if engine_convert.unproven(self.cluster):
            with engine_start.privately(self.cluster):
                self.verify()
            engine_convert.prove(self.cluster)
        engine_start.start(self.cluster)
        engine_convert.settle(self.cluster)
        engine_reconfigure.keep(self.cluster)

    def convert(self) -> None:
        engine_convert.convert(self.cluster, self.version)

    def require_convertible(self) -> None:
        engine_convert.require_convertible(self.cluster, self.version)

    def converted(self) -> bool:
        return engine_convert.proven(self.cluster)

    def stop(self) -> None:
        engine_start.stop(self.cluster)

    def tls(self) -> bool:
        return self.cluster.psql("SHOW ssl;") == "on"

    def reload_certificate(self) -> bool:
        engine_reconfigure.reload(self.cluster)
        return True

    def status(self) -> EngineStatus:
        if not engine_start.runs(self.cluster):
            return EngineStatus(running=False)
        return EngineStatus(running=True, version=self.cluster.psql("SHOW server_version;").split()[0])

    def running(self) -> bool:
        return engine_start.runs(self.cluster)

    def create_databases(self, databases: list[Database]) -> None:
        self.check_databases(database.name for database in databases)
        engine_tenants.create_databases(self.cluster, databases)

    def delete_database(self, name: str) -> None:
        self.check_name(DATABASE, name)
        engine_tenants.delete_database(self.cluster, name)

    def create_users(self, users: list[User]) -> None:
        for user in users:
            self.check_user(user.name, user.host)
            self.check_databases(user.databases)
        engine_tenants.create_users(self.cluster, users)

    def update_user(self, change: UserChange) -> None:
        self.check_user(change.user.name, change.user.host)
        self.check_user(change.new_name or change.name, change.new_host)
        engine_tenants.update_user(self.cluster, change)

    def delete_user(self, user: UserName) -> None:
        self.check_user(user.name, user.host)
        engine_tenants.delete_user(self.cluster, user.name)

    def grant(self, user: UserName, databases: list[str]) -> None:
        self.check_user(user.name, user.host)
        self.check_databases(databases)
        engine_tenants.grant(self.cluster, user.name, databases)

    def revoke(self, user: UserName, databases: list[str]) -> None:
        self.check_user(user.name, user.host)
        self.check_databases(databases)
        engine_tenants.revoke(self.cluster, user.name, databases)

    def accounts(self) -> AccountList:
        return engine_accounts.accounts(self.cluster, self.version.names)

    def enable_root(self, password: str) -> None:
        engine_accounts.enable_root(self.cluster, password)

    def disable_root(self) -> None:
        engine_accounts.disable_root(self.cluster)

    def reconfigure(self, settings: Settings) -> None:
        engine_reconfigure.apply(self.cluster, settings)

    def restart_required(self) -> bool:
        return engine_reconfigure.restart_required(self.cluster)

    def go_back(self) -> bool:
        return engine_reconfigure.go_back(self.cluster)

    def log(self, name: str) -> Log:
        return engine_logs.log(self.cluster, name)

    def backup(self, sink: Sink, state: BackupState) -> None:
        engine_backup.dump(self.cluster, sink, state)

    def backup_bytes(self) -> int | None:
        return engine_backup.size(self.cluster)

    def restore(self, layers: Iterable[Source]) -> None:
        engine_restore.load(self.cluster, layers)

    def verify(self) -> None:
        """Look into the catalog of every database that accepts connections; one whose deletion was interrupted does
        not."""
        for name in self.cluster.connectable():
            if int(self.cluster.psql("SELECT count(*) FROM pg_class;", name)) == 0:
                raise EngineError(f"database '{name}' has no catalog")


ENGINE = PostgresqlEngine

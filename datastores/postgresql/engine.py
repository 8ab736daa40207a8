"""PostgreSQL's engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.engine import Database, Engine, Status, User, Version
from datastores.host.errors import BadRequest, EngineError
from datastores.host.facts import Facts
from datastores.host.names import DATABASE, USER
from datastores.host.streams import Sink, Source
from datastores.postgresql import engine_backup, engine_config, engine_start, engine_tenants
from datastores.postgresql.engine_cluster import SUPERUSER, Cluster

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

    def initialize(self) -> None:
        """Data with checksums, in UTF-8 and the language-neutral locale, made aside and renamed."""
        cluster = self.cluster
        if cluster.data.exists():
            return
        files.remove_tree(cluster.making)
        command: list[str | Path] = [
            cluster.bin / "initdb", "-D", cluster.making, "-U", SUPERUSER, "--encoding", "UTF8", "--locale", "C.UTF-8",
            "--data-checksums", "--auth-local", "peer", "--auth-host", "scram-sha-256", "--no-instructions",
        ]  # fmt: skip
        self.programs.run(command)
        with (cluster.making / "postgresql.conf").open("a") as conf:
            conf.write(cluster.include)
        cluster.take_place()

    def configure(self, settings: dict[str, Any]) -> None:
        engine_config.write(self.cluster, settings)

    def start(self) -> None:
        engine_start.start(self.cluster)

    def stop(self) -> None:
        engine_start.stop(self.cluster)

    def status(self) -> Status:
        if not engine_start.runs(self.cluster):
            return Status(running=False)
        return Status(running=True, version=self.cluster.psql("SHOW server_version;").split()[0])

    def create_databases(self, databases: list[Database]) -> None:
        for database in databases:
            self.check_name(DATABASE, database.name)
            engine_tenants.create_database(self.cluster, database)

    def create_users(self, users: list[User]) -> None:
        for user in users:
            self.check_name(USER, user.name)
            for database in user.databases:
                self.check_name(DATABASE, database)
            engine_tenants.create_user(self.cluster, user)

    def backup(self, sink: Sink) -> None:
        engine_backup.dump(self.cluster, sink)

    def backup_bytes(self) -> int | None:
        return engine_backup.size(self.cluster)

    def restore(self, source: Source) -> None:
        engine_backup.load(self.cluster, source)

    def verify(self) -> None:
        """Look into the catalog of every database that accepts connections."""
        names = self.cluster.psql(
            "SELECT encode(convert_to(datname, 'UTF8'), 'hex') FROM pg_database WHERE datallowconn;"
        )
        for name in (bytes.fromhex(line).decode() for line in names.splitlines()):
            if int(self.cluster.psql("SELECT count(*) FROM pg_class;", name)) == 0:
                raise EngineError(f"database '{name}' has no catalog")


ENGINE = PostgresqlEngine

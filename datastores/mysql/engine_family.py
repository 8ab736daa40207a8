"""The engine that the products of the MySQL family share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from datastores.host import files
from datastores.host.engine import BackupState, Engine, Version
from datastores.host.errors import BadRequest, EngineError, NotRunning, ProgramFailed
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.host.names import DATABASE
from datastores.host.streams import Sink, Source
from datastores.mysql import (
    engine_accounts,
    engine_backup,
    engine_config,
    engine_logs,
    engine_reconfigure,
    engine_restore,
    engine_start,
    engine_tenants,
    engine_upgrade,
)
from datastores.mysql.engine_product import Product
from datastores.mysql.engine_server import Server
from datastores.protocol.accounts import AccountList, Database, User, UserChange, UserName
from datastores.protocol.engine import EngineStatus, Settings

_UNUSABLE = """
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES
 WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE IS NULL LIMIT 1;
"""


class FamilyEngine(Engine):
    """One server; administration goes through its socket as the OS user that runs it."""

    product: ClassVar[Product]
    datastore: ClassVar[str]

    def __init__(self, facts: Facts, version: Version) -> None:
        super().__init__(facts, version)
        self.server = Server(
            facts, self.programs, self.product, self.datastore, version.programs, version.number, version.ports[0]
        )

    def install(self) -> None:
        product, server = self.product, self.server
        wanted = (product.server, product.client, product.backup, product.unpack, *product.others)
        missing = [name for name in wanted if not server.program(name).exists()]
        if missing:
            raise BadRequest(
                f"{product.label} {self.version.name} is not on this host ({', '.join(missing)} not in"
                f" {server.home}): use an image with {self.version.package}"
            )
        said = self.programs.run([server.program(product.server), "--no-defaults", "--version"])
        if not re.search(rf"Ver {re.escape(self.version.number)}\.", said):
            raise BadRequest(f"the host has another version than {product.label} {self.version.name}: {said.strip()}")

    def initialize(self) -> None:
        """Empty data without test databases, made aside and renamed."""
        server = self.server
        if server.data.exists():
            return
        files.remove_tree(server.making)
        try:
            self.programs.run(self.product.make_data(server, server.making))
        except ProgramFailed as error:
            raise engine_start.failed(f"{self.product.label} made no data", str(error)) from error
        engine_backup.identify(server)
        server.take_place()

    def configure(self, settings: Settings) -> None:
        engine_config.write(self.server, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        """The server knows accounts of networks, not networks of its own: the substrate's rules keep others out."""

    def start(self) -> None:
        settings = self.server.kept("current")
        if settings is not None and not self.running():
            engine_config.write(self.server, settings)  # a certificate may have come
        engine_start.start(self.server)
        engine_reconfigure.recognize(self.server)
        engine_upgrade.upgrade(self.server)

    def stop(self) -> None:
        engine_start.stop(self.server)

    def status(self) -> EngineStatus:
        """Not running, too, while it recovers from a crash: it lets nobody in."""
        try:
            return EngineStatus(running=True, version=self.server.sql("SELECT VERSION();\n").partition("-")[0])
        except NotRunning:
            return EngineStatus(running=False)
        except EngineError as error:  # it lets nobody in now, and says so: it runs
            return EngineStatus(running=True, problem=str(error))

    def running(self) -> bool:
        return engine_start.runs(self.server)

    def tls(self) -> bool:
        return self.server.sql("SELECT @@GLOBAL.require_secure_transport;\n") == "1"

    def reload_certificate(self) -> bool:
        self.server.sql(f"{self.product.reload_tls};\n")
        return True

    def create_databases(self, databases: list[Database]) -> None:
        self.check_databases(database.name for database in databases)
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
        engine_tenants.delete_user(self.server, user)

    def grant(self, user: UserName, databases: list[str]) -> None:
        self.check_user(user.name, user.host)
        self.check_databases(databases)
        engine_tenants.grant(self.server, user, databases)

    def revoke(self, user: UserName, databases: list[str]) -> None:
        self.check_user(user.name, user.host)
        self.check_databases(databases)
        engine_tenants.revoke(self.server, user, databases)

    def accounts(self) -> AccountList:
        return engine_accounts.accounts(self.server, self.version.names)

    def enable_root(self, password: str) -> None:
        engine_accounts.enable_root(self.server, password)

    def disable_root(self) -> None:
        engine_accounts.disable_root(self.server)

    def reconfigure(self, settings: Settings) -> None:
        engine_reconfigure.apply(self.server, settings)

    def restart_required(self) -> bool:
        return engine_reconfigure.restart_required(self.server)

    def go_back(self) -> bool:
        return engine_reconfigure.go_back(self.server)

    def log(self, name: str) -> Log:
        return engine_logs.log(self.server, name)

    def backup(self, sink: Sink, state: BackupState) -> None:
        engine_backup.dump(self.server, sink, state)

    def backup_bytes(self) -> int | None:
        return engine_backup.size(self.server)

    def restore(self, layers: Iterable[Source]) -> None:
        engine_restore.load(self.server, layers)

    def verify(self) -> None:
        """See that every table opens."""
        if found := self.server.sql(_UNUSABLE):
            raise EngineError(f"a restored table does not open: {' '.join(found.split(chr(9)))}")

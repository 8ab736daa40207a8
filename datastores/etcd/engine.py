"""etcd's engine: one server, a cluster of one member."""

from __future__ import annotations

from collections.abc import Iterable

from datastores.etcd import engine_backup, engine_config, engine_make, engine_space, engine_users
from datastores.etcd.engine_member import Member
from datastores.host.engine import BackupState, Engine, Version
from datastores.host.errors import BadRequest, EngineError
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.host.streams import Sink, Source
from datastores.protocol.accounts import AccountList, User, UserChange, UserName
from datastores.protocol.engine import EngineStatus, Settings

_PROGRAMS = ("etcd", "etcdctl")


class EtcdEngine(Engine):
    """One etcd server, administered through its socket."""

    backup_format = "etcd-snapshot"

    def __init__(self, facts: Facts, version: Version) -> None:
        super().__init__(facts, version)
        self.member = Member(facts, self.programs, version.programs, version.ports[0])

    def install(self) -> None:
        missing = [name for name in _PROGRAMS if not (self.version.programs / name).exists()]
        if missing:
            raise BadRequest(
                f"etcd {self.version.name} is not on this host ({', '.join(missing)} not in"
                f" {self.version.programs}): use an image with {self.version.package}"
            )

    def initialize(self) -> None:
        engine_make.make(self.member)

    def configure(self, settings: Settings) -> None:
        engine_config.write(self.member, settings)

    def limit_access(self, cidrs: list[str]) -> None:
        """etcd cannot tell networks apart: the substrate does."""

    def start(self) -> None:
        self.member.daemon.start()

    def stop(self) -> None:
        self.member.daemon.stop()

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        status = self.member.request("maintenance/status")
        return EngineStatus(
            running=True, version=status["version"], problem=engine_space.problem(status.get("errors", []))
        )

    def grown(self, settings: Settings) -> None:
        if not self.running():
            self.configure(settings)
            return
        if engine_config.write(self.member, settings):
            self.restart()
        engine_space.make_room(self.member)

    def tls(self) -> bool:
        return engine_config.has_tls(self.member)

    def reload_certificate(self) -> bool:
        """etcd reads it anew for each connection."""
        return True

    def running(self) -> bool:
        return self.member.daemon.runs()

    def create_users(self, users: list[User]) -> None:
        for user in users:
            self.check_user(user.name, user.host)
            self._lacks("databases", list(user.databases))
        engine_users.create(self.member, users)

    def update_user(self, change: UserChange) -> None:
        self.check_user(change.user.name, change.user.host)
        self.check_user(change.new_name or change.name, change.new_host)
        engine_users.update(self.member, change)

    def delete_user(self, user: UserName) -> None:
        self.check_user(user.name, user.host)
        engine_users.delete(self.member, user.name)

    def grant(self, user: UserName, databases: list[str]) -> None:
        self._lacks("databases", databases)

    def revoke(self, user: UserName, databases: list[str]) -> None:
        self._lacks("databases", databases)

    def accounts(self) -> AccountList:
        return engine_users.accounts(self.member, self.version.names)

    def log(self, name: str) -> Log:
        if name != "general":
            raise BadRequest(f"etcd has no log '{name}': it has 'general'")
        return self.member.daemon.log

    def backup(self, sink: Sink, state: BackupState) -> None:
        engine_backup.dump(self.member, sink)

    def backup_bytes(self) -> int:
        return engine_backup.size(self.member)

    def restore(self, layers: Iterable[Source]) -> None:
        engine_backup.load(self.member, layers)

    def verify(self) -> None:
        """See that the data obeys this host's administrator, and nobody without a password."""
        self.accounts()
        if not self.member.protected():
            raise EngineError("the restored etcd admits everybody: its users are not enabled")


ENGINE = EtcdEngine

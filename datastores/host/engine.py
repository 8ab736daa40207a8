"""The Engine contract: what a datastore's folder has to know about its database.

An engine is code that runs on a host for the length of one job or call. Each method can be called again after a crash
in the middle of it, and then has the same effect as once. Methods of the optional groups belong to a capability that
the datastore's `datastore.yaml` declares; without it they answer Unsupported.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datastores.host.errors import BadRequest, EngineError, SettingsRefused, Unsupported
from datastores.host.facts import Facts
from datastores.host.logs import Log
from datastores.host.names import DATABASE, USER, NameRules, rules
from datastores.host.process import Programs
from datastores.host.streams import Sink, Source
from datastores.protocol.accounts import AccountList, Database, User, UserChange, UserName
from datastores.protocol.engine import EngineStatus, Settings


@dataclass(frozen=True)
class Version:
    """A release of a datastore, from its datastore.yaml.

    `programs` is where its programs are on this host, `libraries` where the shared libraries are that came with them.
    `extensions` are what a tenant may add to a database without the rights of a superuser. `earlier` are the other
    releases whose data it takes over.
    """

    name: str
    number: str
    programs: Path
    ports: tuple[int, ...]
    package: str
    names: NameRules
    libraries: tuple[Path, ...] = ()
    extensions: tuple[str, ...] = ()
    earlier: tuple[Version, ...] = ()


@dataclass(frozen=True)
class BackupState:
    """Files of the engine's own form between backups: `own` is what this backup leaves for the next incremental one,
    if it can; `parent` is what the parent left, None for a full backup."""

    own: Path
    parent: Path | None = None


class Engine(ABC):
    """One datastore version on one host."""

    backup_format = "tar"

    def __init__(self, facts: Facts, version: Version) -> None:
        self.facts = facts
        self.version = version
        self.programs = Programs(facts, version.libraries)

    # every engine

    @abstractmethod
    def install(self) -> None:
        """See that the programs of this version are there. Raises BadRequest saying which are missing."""

    @abstractmethod
    def initialize(self) -> None:
        """Make empty data, once."""

    @abstractmethod
    def configure(self, settings: Settings) -> None:
        """Write the configuration for this host; `settings` are the engine's parameters. Does not restart."""

    @abstractmethod
    def limit_access(self, cidrs: list[str]) -> None:
        """Admit clients from these networks only (none: from everywhere): at once if the database runs, and in every
        `configure` from now on. An engine that cannot tell networks apart leaves it to the substrate."""

    @abstractmethod
    def start(self) -> None:
        """Start, wait until connections are accepted, and start again at every boot of the host. Raises EngineError."""

    @abstractmethod
    def stop(self) -> None:
        """Stop cleanly, also for the next boots, and wait for the end."""

    def restart(self) -> None:
        """Stop and start; raises as `bring_up`."""
        self.stop()
        self.bring_up()

    def bring_up(self) -> None:
        """Start; a database that does not start with new settings is started with those with which it ran last.

        Raises:
            SettingsRefused: it runs, but not with the settings it was to have.
            EngineError: it did not start.
        """
        try:
            self.start()
        except EngineError as error:
            if not self.go_back():
                raise
            self.start()
            raise SettingsRefused(f"{error}; it runs with the settings before") from error

    def require_convertible(self) -> None:  # noqa: B027 -- most engines take over whatever their earlier versions hold
        """See, while the earlier version still runs, that nothing in the data keeps `convert` from its work.

        Raises EngineError naming what is in the way and what to do.
        """

    def convert(self) -> None:  # noqa: B027 -- most engines read what their earlier versions wrote
        """Make data of an earlier version, one of the datastore.yaml's `upgrades_from`, this version's; the database is
        stopped. Data that is this version's already stays.

        Where an upgrade failed before `converted`, the earlier version's own `convert` takes what is there and goes
        back.
        """

    def converted(self) -> bool:
        """Whether the data is this version's for good: an earlier one cannot take it back."""
        return False

    def grown(self, settings: Settings) -> None:  # noqa: B027 -- most engines use what the file system has
        """Make use of a volume that has become larger; `settings` are those of `configure`. The database may run."""

    @abstractmethod
    def status(self) -> EngineStatus:
        """The state now."""

    def running(self) -> bool:
        """Whether the database runs."""
        return self.status().running

    # engines that serve TLS

    def tls(self) -> bool:
        """Whether clients come in over the network with TLS, and only so, as the running database has it."""
        return False

    def reload_certificate(self) -> bool:
        """Have the running database use the certificate as it is now; False when it will at its next start only."""
        return False

    # capability: databases

    def create_databases(self, databases: list[Database]) -> None:
        """Create those that are not there."""
        self._lacks("databases", databases)

    def delete_database(self, name: str) -> None:
        """Delete a database with everything in it, ending the sessions there; one that is not there stays so."""
        self._lacks("databases", [name])

    # capability: users

    def create_users(self, users: list[User]) -> None:
        """Create users or set the password of existing ones, and grant them their databases."""
        self._lacks("users", users)

    def update_user(self, change: UserChange) -> None:
        """Give a user new attributes; one that has them already stays. Raises BadRequest when there is no such user."""
        self._lacks("users", [change])

    def delete_user(self, user: UserName) -> None:
        """Delete a user, ending its sessions; what it owns stays. One that is not there stays so."""
        self._lacks("users", [user])

    def grant(self, user: UserName, databases: list[str]) -> None:
        """Let a user use databases."""
        self._lacks("users", databases)

    def revoke(self, user: UserName, databases: list[str]) -> None:
        """Take databases from a user, ending its sessions there; what it owns there stays."""
        self._lacks("users", databases)

    def accounts(self) -> AccountList:
        """The tenant's databases and users: those that have names which the service accepts."""
        raise Unsupported("this datastore does not have the capability 'users'")

    # capability: root

    def enable_root(self, password: str) -> None:
        """Let the tenant's superuser, whose name is `root`, log in with a password."""
        self._lacks("root", [password])

    def disable_root(self) -> None:
        """Let it log in no more, ending its sessions; what it owns stays."""
        self._lacks("root", ["root"])

    # capability: configuration

    def reconfigure(self, settings: Settings) -> None:
        """Make these the settings, at once where the database can without a restart.

        Raises EngineError when the database refuses one; then all are as they were.
        """
        self._lacks("configuration", [settings])

    def restart_required(self) -> bool:
        """Whether settings wait for the database's next start."""
        return False

    def go_back(self) -> bool:
        """Take the settings with which the database started last; whether they are others than now."""
        return False

    # capability: logs

    def log(self, name: str) -> Log:
        """A log that the datastore's datastore.yaml names. Raises BadRequest."""
        raise Unsupported("this datastore does not have the capability 'logs'")

    # capability: backup

    def backup(self, sink: Sink, state: BackupState) -> None:
        """Write a consistent copy of all data, as `backup_format`, while the database works on.

        With a parent (capability incremental_backup) write what changed since. Raises ParentUnusable, before anything
        is written, when that cannot be told.
        """
        self._lacks("backup", [sink])

    def backup_bytes(self) -> int | None:
        """About how many bytes a full `backup` will write, None when unknown."""
        return None

    def restore(self, layers: Iterable[Source]) -> None:
        """Make data of what `backup` wrote: a full backup, then each incremental one upon it in order.

        Verified as far as the format allows; not started, not configured. A layer is read whole before the next.
        """
        self._lacks("backup", [layers])

    def verify(self) -> None:
        """Look into the started, restored database. Raises EngineError when something is wrong."""
        if not self.status().running:
            raise EngineError("the restored database does not run")

    def check_name(self, kind: str, name: str) -> None:
        """Raises BadRequest for a name that a `database` or `user` of this datastore cannot have."""
        problem = self.version.names.problem(kind, name)
        if problem:
            raise BadRequest(problem)

    def check_databases(self, names: Iterable[str]) -> None:
        """Raises BadRequest for the first name that a database of this datastore cannot have."""
        for name in names:
            self.check_name(DATABASE, name)

    def check_user(self, name: str, host: str | None) -> None:
        """Raises BadRequest for a name or a host that a user of this datastore cannot have."""
        self.check_name(USER, name)
        problem = self.version.names.host_problem(host)
        if problem:
            raise BadRequest(problem)

    def _lacks(self, capability: str, wanted: list[Any]) -> None:
        if wanted:
            raise Unsupported(f"this datastore does not have the capability '{capability}'")


def load(datastore: str, version: str, facts: Facts, definition: dict[str, Any]) -> Engine:
    """The engine of a datastore's version on this host; `definition` is its datastore.yaml.

    The folder's module `engine` names its class `ENGINE`. Raises BadRequest for a version this substrate does not have.
    """
    documents = {item["name"]: item for item in definition["versions"]}
    if version not in documents:
        raise BadRequest(f"{datastore} has no version '{version}'")
    if facts.substrate not in documents[version]["substrates"]:
        raise BadRequest(f"{datastore} {version} is not available on hosts of substrate '{facts.substrate}'")
    earlier = [documents[name] for name in documents[version].get("upgrades_from", ())]
    release = _release(facts, definition, documents[version])
    here = [_release(facts, definition, other) for other in earlier if facts.substrate in other["substrates"]]
    engine: Engine = importlib.import_module(f"datastores.{datastore}.engine").ENGINE(
        facts, replace(release, earlier=tuple(here))
    )
    return engine


def _release(facts: Facts, definition: dict[str, Any], document: dict[str, Any]) -> Version:
    substrate = document["substrates"][facts.substrate]
    tree = Path(facts.software.get("engines", "/"), f"{definition['name']}-{document['name']}")
    try:
        programs = Path(substrate["programs"].format(debian=tree, **facts.software))
    except KeyError as error:
        raise BadRequest(f"the host's facts do not say where software {error} is") from None
    return Version(
        document["name"],
        document["number"],
        programs,
        tuple(definition["ports"]),
        substrate["package"],
        rules(definition.get("names", {})),
        tuple(sorted(tree.glob("usr/lib/*-linux-gnu"))) if "debian" in substrate else (),
        tuple(document.get("extensions", ())),
    )

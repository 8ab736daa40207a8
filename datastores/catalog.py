"""The catalog: every datastore's folder, as its datastore.yaml describes it.

A folder of this package with a datastore.yaml is a datastore; nothing else has to know of it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from datastores.formula import Setting, Value, evaluate, unknown_sources
from datastores.host.names import NameRules
from datastores.parameters import Parameter, parameters
from datastores.protocol.tls import TlsMode

Capability = Literal[
    "databases",
    "users",
    "backup",
    "root",
    "incremental_backup",
    "configuration",
    "logs",
    "replication",
    "synchronous_replication",
]
Id = Annotated[str, AfterValidator(lambda text: str(UUID(text)))]
_ROOT = Path(__file__).parent


class CatalogError(Exception):
    """A datastore.yaml is wrong; the message names file and field."""


class UnknownDatastoreError(LookupError):
    """No datastore or version has that name or id."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Substrate(_Strict):
    """Where a version's programs are on hosts of a substrate, and what package brings them.

    `debian` names packages that set-up unpacks where `programs` says `{debian}`.
    """

    programs: str
    package: str
    debian: tuple[str, ...] = ()


class StockRestore(_Strict):
    """Shell commands that restore a backup with stock tools alone.

    `unpack` makes a {directory} of a {stream}: DATA_DIRECTORY of a backup that stands alone, 1, 2, ... of the links of
    a chain. Then comes `full` or, for a chain, `chain`, which makes DATA_DIRECTORY of the {directories}, all but the
    first of which are {increments}.
    """

    unpack: str
    full: str = ""
    chain: str = ""

    def commands(self, streams: Sequence[str]) -> list[str]:
        """The commands for a full backup's stream and those of the incremental ones upon it."""
        is_chain = len(streams) > 1
        directories = [str(number + 1) for number in range(len(streams))] if is_chain else ["DATA_DIRECTORY"]
        unpack = [
            self.unpack.format(directory=directory, stream=stream)
            for directory, stream in zip(directories, streams, strict=True)
        ]
        whole = self.chain if is_chain else self.full
        finish = whole.format(directories=" ".join(directories), increments=" ".join(directories[1:]))
        return [*unpack, finish] if finish else unpack


class DatastoreVersion(_Strict):
    """A release of a datastore; its id never changes. Only active ones can be asked for."""

    id: Id
    name: str
    number: str
    active: bool = True
    substrates: dict[str, Substrate]
    datastore: str
    ports: tuple[int, ...]
    settings: dict[str, Setting]
    capabilities: frozenset[Capability]
    upgrades_from: tuple[str, ...] = ()
    """Names of other versions whose data this one takes over."""
    extensions: tuple[str, ...] = ()
    """What a tenant may add to a database of its own without the rights of a superuser."""

    def settings_for(self, memory_mb: int, cpus: int) -> dict[str, Value]:
        """The default settings on a host with that memory (MB) and CPUs."""
        return evaluate(self.settings, memory_mb, cpus)

    def parameters(self) -> dict[str, Parameter]:
        """What a tenant may set, by name; empty when nothing is known of this version."""
        return parameters(_ROOT / self.datastore / f"parameters-{self.number}.json")


class ConnectionString(_Strict):
    """What a client's driver is given in one piece: the text without TLS, and that for TLS with the server verified.

    {servers} are addresses with ports. `writer` is an option with which the driver finds the one of several servers
    that takes writes; a driver without it is given one server.
    """

    plain: str
    tls: str
    writer: str = ""

    def text(self, addresses: Sequence[str], port: int, *, tls: bool) -> str | None:
        """The text for these addresses; None for several where the driver does not find the writer."""
        if not addresses or (len(addresses) > 1 and not self.writer):
            return None
        servers = ",".join(f"[{each}]:{port}" if ":" in each else f"{each}:{port}" for each in addresses)
        text = (self.tls if tls else self.plain).format(servers=servers)
        return text if len(addresses) == 1 else f"{text}{'&' if '?' in text else '?'}{self.writer}"


class Log(_Strict):
    """A log of a datastore; `settings` are the engine's parameters with which it writes one of type USER."""

    type: Literal["USER", "SYS"]
    settings: dict[str, bool | int | float | str] = {}


class Datastore(_Strict):
    """A database product.

    `volume`: whether its data lives on a volume; `family`: another datastore whose engine it shares.
    """

    id: Id
    name: str
    description: str
    default_version: str | None = None
    ports: tuple[Annotated[int, Field(gt=0, lt=65536)], ...]
    capabilities: frozenset[Capability]
    tls_modes: frozenset[TlsMode] = frozenset()
    """The modes of TLS that its engine has with a tenant's certificate."""
    volume: bool
    family: str | None = None
    replicas: bool = False
    """Whether tenants can make replicas; its engine plays the role `replication` then."""
    accounts_replicate: bool = True
    """Whether users of a primary become users of its replicas by themselves; else they are changed on each member."""
    replica_minimums: tuple[str, ...] = ()
    """Settings that must be at least as large on a replica as on its primary, else it stops replaying."""
    largest_quorum: int = 0
    """Replicas whose disks a commit can wait for at most, in synchronous mode; 0: there is none."""
    seeds: Literal["source", "backup"] = "source"
    """What a new replica's data are copied from: another member, or a backup in the object store."""
    connection_strings: dict[str, ConnectionString] = {}
    """By form: the API shows them. None: the datastore's clients know no such texts."""
    stock_restore: StockRestore | None = None
    names: NameRules = NameRules()
    versions: tuple[DatastoreVersion, ...]
    settings: dict[str, Setting] = {}
    logs: dict[str, Log] = {}

    @model_validator(mode="before")
    @classmethod
    def _versions_inherit(cls, document: dict[str, Any]) -> dict[str, Any]:
        """A version has its datastore's ports, settings and, unless it names its own, capabilities."""
        inherited = {
            "datastore": document.get("name"),
            "ports": document.get("ports", ()),
            "settings": document.get("settings", {}),
            "capabilities": document.get("capabilities", ()),
        }
        return document | {"versions": [inherited | version for version in document.get("versions", ())]}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if wrong := unknown_sources(self.settings):
            raise ValueError("; ".join(wrong))
        if self.default_version is not None and self.default_version not in {item.name for item in self.versions}:
            raise ValueError(f"default_version '{self.default_version}' is none of the versions")
        names = {item.name for item in self.versions}
        if unknown := sorted({name for item in self.versions for name in item.upgrades_from} - names):
            raise ValueError(f"upgrades_from: {', '.join(unknown)} is none of the versions")
        if self.replicas and "replication" not in self.capabilities:
            raise ValueError("replicas: the capability 'replication' is needed for them")
        if unknown := sorted(set(self.replica_minimums) - set(self.settings)):
            raise ValueError(f"replica_minimums: {', '.join(unknown)} is none of the settings")
        if "backup" in self.capabilities and self.stock_restore is None:
            raise ValueError("stock_restore: how backups are restored without the service must be said")
        return self

    def log_settings(self, enabled: Iterable[str]) -> dict[str, bool | int | float | str]:
        """The settings with which the engine writes these logs."""
        logs = [log for name, log in self.logs.items() if name in enabled]
        return {parameter: value for log in logs for parameter, value in log.settings.items()}

    @property
    def default_version_id(self) -> str | None:
        """The id of the version used when none is asked for."""
        return next((item.id for item in self.versions if item.name == self.default_version), None)


class Catalog(_Strict):
    """All datastores, by name."""

    datastores: tuple[Datastore, ...]

    def find(self, name_or_id: str) -> Datastore:
        """A datastore by its name or id. Raises UnknownDatastoreError."""
        for datastore in self.datastores:
            if name_or_id in {datastore.name, datastore.id}:
                return datastore
        raise UnknownDatastoreError(f"there is no datastore '{name_or_id}'")

    def version(self, datastore: str, name_or_id: str | None) -> DatastoreVersion:
        """A version of a datastore by name or id; None is the datastore's default. Raises UnknownDatastoreError."""
        found = self.find(datastore)
        wanted = name_or_id if name_or_id is not None else found.default_version
        for version in found.versions:
            if wanted in {version.name, version.id}:
                return version
        raise UnknownDatastoreError(f"datastore '{found.name}' has no version '{name_or_id or '(default)'}'")

    def version_by_id(self, version_id: str) -> DatastoreVersion:
        """The version with that id, active or not. Raises UnknownDatastoreError."""
        for version in (version for datastore in self.datastores for version in datastore.versions):
            if version.id == version_id:
                return version
        raise UnknownDatastoreError(f"there is no datastore version {version_id}")

    def datastore_of(self, version_id: str) -> Datastore:
        """The datastore of the version with that id. Raises UnknownDatastoreError."""
        return self.find(self.version_by_id(version_id).datastore)


@functools.cache
def catalog() -> Catalog:
    """The catalog of this installation. Raises CatalogError."""
    return load(sorted(_ROOT.glob("*/datastore.yaml")))


def load(files: Iterable[Path]) -> Catalog:
    """The catalog that these files make. Raises CatalogError naming file and field."""
    loaded = Catalog(datastores=tuple(_read(path) for path in files))
    ids = [datastore.id for datastore in loaded.datastores]
    ids += [version.id for datastore in loaded.datastores for version in datastore.versions]
    if twice := {item for item in ids if ids.count(item) > 1}:
        raise CatalogError(f"ids are used twice: {', '.join(sorted(twice))}")
    return loaded


def _read(path: Path) -> Datastore:
    try:
        datastore = Datastore.model_validate(yaml.safe_load(path.read_text()))
    except yaml.YAMLError as error:
        raise CatalogError(f"{path}: {error}") from error
    except ValidationError as error:
        wrong = [
            f"{'.'.join(str(part) for part in item['loc']) or '(whole)'}: {item['msg']}" for item in error.errors()
        ]
        raise CatalogError(f"{path}: {'; '.join(wrong)}") from error
    if datastore.name != path.parent.name:
        raise CatalogError(f"{path}: name: '{datastore.name}' is not the folder's name")
    return datastore

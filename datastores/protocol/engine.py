"""The engine of an instance: what jobs and calls make of it, and what they report."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Optional

from datastores.protocol.accounts import Database, User
from datastores.protocol.codec import ProtocolError
from datastores.protocol.message import Done, Work
from datastores.protocol.storage import Prefix
from datastores.protocol.tls import TlsMode

Settings = dict[str, Any]
"""Parameters of a database, by their names: what the flavor, the operator and the tenant say."""


@dataclass(frozen=True)
class Certificate:
    """A certificate for the database with its chain, its key and the authority that clients trust (PEM); when it ends
    (ISO time).

    `mode`: what clients need; `client_authority` (PEM): who has signed the certificates that they need for `mtls`.
    """

    certificate: str
    private_key: str = field(repr=False)
    authority: str
    expires: str
    mode: TlsMode = TlsMode.BUILTIN
    client_authority: str = ""


@dataclass(frozen=True)
class EngineReport:
    """What is known of the engine after the work; None: as it was before.

    `tls`: whether clients come in with TLS, with a certificate that ends at `certificate_expires` (ISO time).
    """

    version: Optional[str] = None
    restart_required: Optional[bool] = None
    tls: Optional[bool] = None
    certificate_expires: Optional[str] = None


@dataclass(frozen=True)
class EngineStatus:
    """Whether the database runs, and its exact version when it can be told."""

    running: bool
    version: Optional[str] = None
    problem: Optional[str] = None
    """Why a database that runs does not do its work for its clients, in words for the tenant."""


@dataclass(frozen=True)
class Conversion:
    """Whether the data is this version's for good."""

    converted: bool


@dataclass(frozen=True)
class Setup:
    """What a database is set up with: its settings, the networks that may reach it (none: every one), a certificate."""

    settings: Settings
    allowed_cidrs: tuple[str, ...] = ()
    tls: Optional[Certificate] = None

    def __post_init__(self) -> None:
        _check(self.allowed_cidrs)


@dataclass(frozen=True)
class NewSetup(Setup):
    """The setup of a new database, and the databases and users that it is to have."""

    databases: tuple[Database, ...] = ()
    users: tuple[User, ...] = ()


@dataclass(frozen=True)
class Create(NewSetup, Work[EngineReport]):
    """Make a new, empty database."""


@dataclass(frozen=True)
class Restore(NewSetup, Work[EngineReport]):
    """Make a database of a backup: `download` has a full one, then the incremental ones upon it in order."""

    download: tuple[Prefix, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.download:
            raise ProtocolError("download must name a full backup, then the incremental ones upon it in order")


@dataclass(frozen=True)
class Restart(Setup, Work[EngineReport]):
    """Stop and start the database; of a member of a group, under its epoch."""

    epoch: Optional[int] = None


@dataclass(frozen=True)
class Start(Setup, Work[EngineReport]):
    """Start the database; of a member of a group, under its epoch."""

    epoch: Optional[int] = None


@dataclass(frozen=True)
class Stop(Work[Done]):
    """Stop the database."""


@dataclass(frozen=True)
class Resize(Work[EngineReport]):
    """Have the database run with the settings of another flavor."""

    settings: Settings
    tls: Optional[Certificate] = None


@dataclass(frozen=True)
class Upgrade(Work[EngineReport]):
    """Have this version run on the data of an earlier one."""

    settings: Settings
    tls: Optional[Certificate] = None


@dataclass(frozen=True)
class Converted(Work[Conversion]):
    """Ask whether an upgrade to this version has come so far that there is no way back."""


@dataclass(frozen=True)
class Grow(Work[Done]):
    """Use the whole of a volume that has become larger."""

    settings: Settings


@dataclass(frozen=True)
class Access(Work[EngineReport]):
    """Let other networks reach the database (none: every one)."""

    allowed_cidrs: tuple[str, ...] = ()
    tls: Optional[Certificate] = None

    def __post_init__(self) -> None:
        _check(self.allowed_cidrs)


@dataclass(frozen=True)
class Configure(Work[EngineReport]):
    """Give the database other settings, as a job; none is in force when one is refused."""

    settings: Settings


@dataclass(frozen=True)
class Reconfigure(Work[EngineReport]):
    """Give the database other settings, at once; none is in force when one is refused."""

    settings: Settings


@dataclass(frozen=True)
class RenewCertificate(Work[EngineReport]):
    """Have the database use another certificate without a restart, where it can."""

    tls: Certificate


@dataclass(frozen=True)
class ChangeTls(Work[EngineReport]):
    """Have the database use another certificate and mode of TLS, at once where it can without a restart."""

    settings: Settings
    tls: Certificate


@dataclass(frozen=True)
class ShownCertificate:
    """The certificate that the host has for the database, with its chain (PEM); empty if it has none."""

    certificate: str


@dataclass(frozen=True)
class ShowCertificate(Work[ShownCertificate]):
    """Ask for the certificate."""


@dataclass(frozen=True)
class Status(Work[EngineStatus]):
    """Ask for the state."""


@dataclass(frozen=True)
class Parent:
    """The backup that an incremental one builds on: its id, its objects; `required`: else rather a full one."""

    id: str
    download: Prefix
    required: bool


@dataclass(frozen=True)
class StoredBackup:
    """What was stored, and the backup that it was built on."""

    bytes_raw: int
    bytes_stored: int
    segments: int
    parent: Optional[str] = None


@dataclass(frozen=True)
class Backup(Work[StoredBackup]):
    """Store a copy of all data, or of what changed since a parent, in segments of so many bytes."""

    upload: Prefix
    segment_bytes: int
    parent: Optional[Parent] = None

    def __post_init__(self) -> None:
        if self.segment_bytes <= 0:
            raise ProtocolError("segment_bytes must be positive")


def _check(networks: tuple[str, ...]) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ProtocolError(f"allowed_cidrs must be networks: {error}") from None

"""The secrets that steps seal into operations, for the steps after them."""

from dataclasses import dataclass, field

from datastores.protocol.accounts import User
from datastores.protocol.logs import Position
from datastores.protocol.replication import MemberPosition
from datastores.protocol.storage import Prefix


@dataclass(frozen=True)
class FirstUsers:
    """The users that a new instance gets."""

    users: tuple[User, ...] = field(repr=False)


@dataclass(frozen=True)
class HostKey:
    """The key of a host, its certificate, and the authority whose users it admits, all in OpenSSH's form."""

    private_key: str = field(repr=False)
    certificate: str
    ssh_user_ca: str


@dataclass(frozen=True)
class BackupUpload:
    """The TempURL with which the host writes the backup."""

    prefix: Prefix


@dataclass(frozen=True)
class ParentDownload:
    """The TempURL with which the host reads the backup that an incremental one builds on."""

    prefix: Prefix


@dataclass(frozen=True)
class BackupDownload:
    """The TempURLs with which the host reads a backup and all that it builds on, the full one first."""

    prefixes: tuple[Prefix, ...]


@dataclass(frozen=True)
class LogUpload:
    """The TempURL with which the host writes a log."""

    prefix: Prefix


@dataclass(frozen=True)
class LogEnd:
    """The end of a log when its publication began, up to which it is published; None: the log was empty."""

    position: Position | None


@dataclass(frozen=True)
class LastWrite:
    """How far the log of a primary was when it stopped to take writes."""

    history: int
    replayed: int


@dataclass(frozen=True)
class Fenced:
    """How far the log of a fenced member is; None: it did not answer."""

    position: MemberPosition | None

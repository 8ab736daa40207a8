"""A replication group: one primary, which alone takes writes, and replicas, which follow it.

All that changes something carries the group's epoch, the count of its primaries. A member keeps the highest one that
it was told on its disk, and refuses whatever carries a lower one (the error `stale_epoch`), at any time after.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Optional

from datastores.protocol.codec import ProtocolError
from datastores.protocol.engine import EngineReport, EngineStatus, Setup
from datastores.protocol.message import Done, Work
from datastores.protocol.storage import Prefix

LONGEST_AWAITED = 20.0
"""Seconds that AwaitPosition may wait."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,32}")
_PORTS = range(1, 65536)


@dataclass(frozen=True)
class Member:
    """A server of a group: its instance's id, and where the other members reach it."""

    id: str
    address: str
    port: int

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ProtocolError(f"id {self.id!r} is not a word of up to 48 small letters, digits and '-'")
        try:
            ipaddress.ip_address(self.address)
        except ValueError as error:
            raise ProtocolError(f"address must be one: {error}") from None
        if self.port not in _PORTS:
            raise ProtocolError("port must be from 1 to 65535")


@dataclass(frozen=True)
class Credential:
    """The password of the group's replication account: 16 to 32 letters, digits, '-' and '_'. The account's name is
    the engine's own."""

    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _SECRET.fullmatch(self.secret):
            raise ProtocolError("secret must have 16 to 32 letters, digits, '-' and '_'")


class MemberRole(str, Enum):
    """What a member is; PRIMARY: the member that the epoch was given to, whether it takes writes now or not."""

    ALONE = "alone"
    PRIMARY = "primary"
    REPLICA = "replica"


@dataclass(frozen=True)
class MemberPosition:
    """How far a member's copy of the log is. Of two, the one with the higher `history` is ahead; where these are equal,
    the one with the higher `received`.

    `history` counts the primaries whose writes are in the log. `received` and `replayed` count its bytes (PostgreSQL,
    Redis) or transactions (MySQL's family); they are the same on a primary.
    """

    history: int
    received: int
    replayed: int


@dataclass(frozen=True)
class Follower:
    """A replica as its primary sees it. What is None cannot be told, as for one that is not connected.

    `retained_bytes` of the log are kept for it; None where the engine keeps a fixed amount for all.
    """

    id: str
    connected: bool
    synchronous: bool = False
    received: Optional[int] = None
    replayed: Optional[int] = None
    lag_bytes: Optional[int] = None
    retained_bytes: Optional[int] = None


@dataclass(frozen=True)
class MemberState:
    """A member as it is.

    epoch             the highest that it was told
    role_epoch        the one that gave it its role; lower than `epoch` after Fence
    running           whether the database runs; without, there are no positions
    writable          whether it takes its clients' writes
    confirmed         False: it started at the host's boot, and takes no write until Confirm
    guarded           whether it would do so at the next boot
    following         the id of the primary that it is to follow; None on a primary, and after Fence
    connected         whether it is connected to that
    contact_seconds   since it last heard of it
    lag_seconds       how old what it shows is; 0 when it has all it knows of
    lag_bytes         received and not replayed
    quorum            how many replicas a write waits for; 0: none
    waiting           how many sessions wait for replicas now
    acknowledgements  how many came from replicas so far; None where one that sends none is taken for not connected
    problem           why it cannot follow, in words for the tenant
    """

    role: MemberRole
    epoch: int
    role_epoch: int
    running: bool
    writable: bool = False
    confirmed: bool = True
    guarded: bool = False
    position: Optional[MemberPosition] = None
    following: Optional[str] = None
    connected: bool = False
    contact_seconds: Optional[float] = None
    lag_seconds: Optional[float] = None
    lag_bytes: Optional[int] = None
    quorum: int = 0
    waiting: int = 0
    acknowledgements: Optional[int] = None
    followers: tuple[Follower, ...] = ()
    problem: Optional[str] = None


@dataclass(frozen=True)
class ReplicationState(Work[MemberState]):
    """Ask a member, or a server of no group, how it is."""


@dataclass(frozen=True)
class Observed:
    """A member's database, as Status tells it, and the member."""

    database: EngineStatus
    member: MemberState


@dataclass(frozen=True)
class Observe(Work[Observed]):
    """Ask a member for what Status and ReplicationState tell, at once."""


@dataclass(frozen=True)
class Awaited:
    """Whether a position was reached, and where the member is."""

    reached: bool
    position: MemberPosition


@dataclass(frozen=True)
class AwaitPosition(Work[Awaited]):
    """Wait up to so many seconds until a member has replayed a position; `seconds` 0: look once."""

    history: int
    replayed: int
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= LONGEST_AWAITED:
            raise ProtocolError(f"seconds must be from 0 to {LONGEST_AWAITED:g}")


@dataclass(frozen=True)
class _OfEpoch:
    epoch: int

    def __post_init__(self) -> None:
        if self.epoch < 1:
            raise ProtocolError("epoch must be positive")


@dataclass(frozen=True)
class Admit(_OfEpoch, Work[Done]):
    """Let exactly these members (without `me`) follow `me`: what is kept for others is dropped.

    Makes a server of no group the primary of a group; a replica stays one, and others may be seeded from it. `guarded`:
    from now on a primary starts without taking writes at the host's boot, until Confirm; for groups with automatic
    failover. Repeat it when a member's address, the credential or `guarded` changes.
    """

    me: Member
    credential: Credential
    members: tuple[Member, ...]
    guarded: bool = False


@dataclass(frozen=True)
class Follow(_OfEpoch, Work[Done]):
    """Follow this primary from the position that the member has. One that takes writes is refused: StopWrites first, or
    Rejoin. Repeat it when the credential or the primary's address changes."""

    me: Member
    primary: Member
    credential: Credential


@dataclass(frozen=True)
class Fence(_OfEpoch, Work[MemberPosition]):
    """Stop following, or taking writes, and answer how far this member's log is; `history` 0 where the database does
    not run. Replicas replay what they have received, as far as a few seconds suffice."""


@dataclass(frozen=True)
class Promote(_OfEpoch, Work[MemberPosition]):
    """Take writes, having replayed all that was received. Writes wait for the replicas that Synchronous, which may come
    before, last said to this member. Admit comes next. `guarded` as in Admit."""

    guarded: bool = False


@dataclass(frozen=True)
class StopWrites(_OfEpoch, Work[MemberPosition]):
    """Take no more writes, ending the sessions of clients, and answer the last position; replicas go on following.
    AcceptWrites undoes it; Follow makes a replica of this member then."""


@dataclass(frozen=True)
class AcceptWrites(_OfEpoch, Work[Done]):
    """Take writes again after StopWrites, as the primary of this epoch: nobody else may have been promoted since."""


@dataclass(frozen=True)
class Confirm(_OfEpoch, Work[Done]):
    """Have a guarded primary that started at the host's boot take writes. Refused unless this epoch made it primary."""


@dataclass(frozen=True)
class Synchronous(_OfEpoch, Work[Done]):
    """Have each write on the primary wait until so many of these members have it on disk; 0: it waits for none.

    A write that waits does so as long as it takes. On a replica it is in force once that is promoted. Refused where the
    engine cannot promise the number.
    """

    quorum: int
    members: tuple[Member, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.quorum <= len(self.members):
            raise ProtocolError("quorum must be from 0 to the number of members")


@dataclass(frozen=True)
class Detach(_OfEpoch, Work[Done]):
    """Leave the group: the server takes writes and stands alone, with the data that it has. What was kept for other
    members is dropped."""


@dataclass(frozen=True)
class _Joining(_OfEpoch):
    me: Member
    primary: Member
    credential: Credential


@dataclass(frozen=True)
class _OfSource(_Joining):
    seed: str
    source: Member

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _ID.fullmatch(self.seed):
            raise ProtocolError("seed must be a word of up to 48 small letters, digits and '-'")


@dataclass(frozen=True)
class Replicate(Setup, _OfSource, Work[EngineReport]):
    """Make this host's database a copy of `source`, the primary or a replica of it, and have it follow `primary`.

    `seed` names the copy, by the operation's id: data that came by another one are removed first, but for those of a
    primary of this epoch. Whoever is `source` must have admitted `me`; a replica is told by Admit, too. `download` is a
    backup of the group's data, full, then the incremental ones upon it, to begin with instead: needed where `seeds` of
    the datastore.yaml is `backup`.
    """

    download: tuple[Prefix, ...] = ()

    def __post_init__(self) -> None:
        Setup.__post_init__(self)
        _OfSource.__post_init__(self)


@dataclass(frozen=True)
class Rejoined:
    """Whether a former primary follows; else why its data must be replaced (Replicate). `discarded` counts the bytes
    (PostgreSQL) or transactions of its log that no other member had and that are gone, where that can be told."""

    following: bool
    reason: Optional[str] = None
    discarded: Optional[int] = None
    report: Optional[EngineReport] = None


@dataclass(frozen=True)
class Rejoin(Setup, _Joining, Work[Rejoined]):
    """Have a former primary, or a replica that has lost its way, follow this one, giving up what only it has.

    Its own data stay where the engine can prove that they fit.
    """

    def __post_init__(self) -> None:
        Setup.__post_init__(self)
        _Joining.__post_init__(self)

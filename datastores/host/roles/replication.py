"""The role `replication`: a server is the primary of a group, or follows it.

What a server is in its group, and the epoch, are kept by `datastores.host.replication`, which has checked both before
it calls these methods, one at a time. A primary that takes no writes here stays so at the next start, and at boots.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from datastores.host.roles.role import Role
from datastores.protocol.replication import Credential, Member, MemberPosition, MemberState

if TYPE_CHECKING:
    from datastores.host.membership import Membership
    from datastores.host.progress import Progress


class CannotRejoin(Exception):
    """The data do not fit those of the primary, or it cannot be proven that they do; the text says why."""


class Replication(Role):
    """Replication between servers of one datastore."""

    capability = "replication"

    @abstractmethod
    def admit(self, place: Membership, credential: Credential, members: Sequence[Member]) -> None:
        """Let these members, and no others, follow this server, which runs; on a primary make their account, too."""

    @abstractmethod
    def seed(self, me: Member, source: Member, credential: Credential, progress: Progress) -> None:
        """Make the node's `data`, where there is none, a copy of another server's that can follow; not started.

        Raises Unsupported where that takes a backup.
        """

    def begin_from_backup(self) -> None:
        """Have the data, which `Backups.restore` has just made, follow from where the backup ended; not started."""

    @abstractmethod
    def follow(self, me: Member, primary: Member, credential: Credential) -> None:
        """Have the server follow a primary, also at its next starts, and start it where it does not run. Does not wait
        for the connection. Raises BadRequest when it takes writes."""

    def await_copy(self, progress: Progress) -> None:
        """Wait until a server that was seeded has the source's data, where they come by following."""

    @abstractmethod
    def stop_following(self) -> None:
        """Receive nothing more from the primary, also after the next start; replay what was received, for a few
        seconds. The server may be at rest."""

    @abstractmethod
    def stop_writes(self) -> None:
        """Take no more writes, ending the sessions of clients, until `accept_writes`; replicas get all that there is.
        The server may be at rest, and then stays so."""

    @abstractmethod
    def accept_writes(self, epoch: int) -> None:
        """Take writes again as the primary of an epoch, with the same data; a server that does not run is started."""

    @abstractmethod
    def promote(self, epoch: int) -> None:
        """Replay what was received and take writes as the primary of an epoch; one that does not run is started."""

    @abstractmethod
    def position(self) -> MemberPosition:
        """Return how far the log of the running server is."""

    @abstractmethod
    def observe(self, place: Membership) -> MemberState:
        """Return how the running server is."""

    @abstractmethod
    def synchronous(self, quorum: int, members: Sequence[Member]) -> None:
        """Have writes wait for replicas. Raises BadRequest for a number that cannot be promised."""

    @abstractmethod
    def rejoin(self, place: Membership, me: Member, primary: Member, credential: Credential) -> int | None:
        """Give up what only the stopped server has, and make it follow a primary whose group it was in; start it.

        Returns how much was given up, None when that cannot be told. Raises CannotRejoin.
        """

    @abstractmethod
    def detach(self) -> None:
        """Forget the group: the server, which runs, takes writes and keeps nothing for others."""

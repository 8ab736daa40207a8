"""The turns of operations on an instance, and which of them bear each other.

One table for both sides: the state accepts operations by it, and the host fences them by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Lock(str, Enum):
    """What an operation needs of its instance."""

    EXCLUSIVE = "exclusive"
    """It for itself: the database is made, changed, stopped or started."""
    COPYING = "copying"
    """Its data, for a backup."""
    ACCOUNTS = "accounts"
    """Its databases and users."""
    READING = "reading"
    """Its logs."""
    MEMBERSHIP = "membership"
    """Its place in its group: who may follow it."""
    FAILOVER = "failover"
    """A new primary for its group, whatever else is under way: epochs keep the others from doing harm."""
    ROLLING = "rolling"
    """No other series of changes: the operations that make the series up hold it as they need."""

    def bears(self, other: Lock) -> bool:
        """Whether operations of both classes may be under way at once."""
        return frozenset((self, other)) in _TOGETHER


_TOGETHER = {
    frozenset((Lock.COPYING, Lock.ACCOUNTS)), frozenset((Lock.COPYING, Lock.READING)),
    frozenset((Lock.MEMBERSHIP, Lock.COPYING)), frozenset((Lock.MEMBERSHIP, Lock.ACCOUNTS)),
    frozenset((Lock.MEMBERSHIP, Lock.READING)),
    *(frozenset((Lock.FAILOVER, lock)) for lock in Lock if lock != Lock.FAILOVER),
    *(frozenset((Lock.ROLLING, lock)) for lock in Lock if lock != Lock.ROLLING),
}  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """An operation's place among those of its instance: later ones have larger numbers."""

    number: int
    lock: Lock

    def hinders(self, other: Turn) -> bool:
        """Whether the other, which is older, has to be over now that this one has begun."""
        return self.number > other.number and not self.lock.bears(other.lock)

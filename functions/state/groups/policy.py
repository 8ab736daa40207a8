"""The failover policy of a replication group: who replaces a lost primary, and how many have a commit before that."""

from dataclasses import dataclass
from enum import StrEnum


class FailoverMode(StrEnum):
    """When a commit is acknowledged."""

    ASYNCHRONOUS = "asynchronous"
    """Once it is on the primary's disk."""
    SYNCHRONOUS = "synchronous"
    """Once it is on the disks of `quorum` replicas, too."""


class BelowQuorum(StrEnum):
    """What a primary does in synchronous mode while fewer than `quorum` replicas follow it."""

    WAIT = "wait"
    """Its writes wait until there are enough."""
    CONTINUE = "continue"
    """Its writes wait for no replica, and no failover comes by itself, until enough replicas have them."""


@dataclass(frozen=True)
class FailoverPolicy:
    """How a group replaces a primary that is lost.

    `quorum` and `below_quorum` have a meaning in synchronous mode only, `max_lag_bytes` in asynchronous mode only:
    bytes of log that the new primary may lack for an automatic failover; None: any number.
    """

    automatic: bool = False
    mode: FailoverMode = FailoverMode.ASYNCHRONOUS
    quorum: int = 1
    max_lag_bytes: int | None = None
    below_quorum: BelowQuorum = BelowQuorum.WAIT

    @property
    def is_watched(self) -> bool:
        """Whether somebody must look at the primary all the time."""
        return self.automatic or (self.mode == FailoverMode.SYNCHRONOUS and self.below_quorum == BelowQuorum.CONTINUE)

    def copies(self, replicas: int) -> int:
        """Return how many of so many replicas have a commit on disk before it is acknowledged."""
        return min(self.quorum, replicas) if self.mode == FailoverMode.SYNCHRONOUS else 0

    def answers_needed(self, replicas: int) -> int:
        """Return how many of so many replicas must be asked so that one of them has every acknowledged commit.

        Of N replicas, K of which have each commit, any N - K + 1 include one that has it.
        """
        copies = self.copies(replicas)
        return replicas - copies + 1 if copies else 1

    def guarantee(self, replicas: int, *, alone: bool = False) -> str:
        """Return what a failover with so many replicas may lose, in words; `alone`: the primary goes on without."""
        if alone:
            return (
                "Too few replicas follow, and the source goes on without them: a failover loses what no replica has,"
                " so that none comes by itself."
            )
        if self.copies(replicas):
            return (
                f"No acknowledged commit is lost: each is on {self.copies(replicas)} of {replicas} replicas, and a"
                f" failover waits until {self.answers_needed(replicas)} of these answer."
            )
        most = "an unlimited number of" if self.max_lag_bytes is None else f"at most {self.max_lag_bytes}"
        how = "A failover" if not self.automatic else "An automatic failover"
        return f"{how} may lose the last acknowledged commits: {most} bytes of log that no replica had received."

"""Groups."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from datastores.protocol.replication import MemberPosition
from functions.base.clock import now
from functions.base.ids import new_id
from functions.state.groups.policy import FailoverPolicy
from functions.state.tables import ID, Base, Typed


class GroupKind(StrEnum):
    """The kinds of groups."""

    REPLICATION = "replication"
    """All members hold the same data, and one of them takes writes."""
    CLUSTER = "cluster"
    """The members are one database by the engine's own protocol."""


class Role(StrEnum):
    """The roles of instances in a group."""

    PRIMARY = "primary"
    REPLICA = "replica"
    MEMBER = "member"


class Group(Base):
    """Instances that hold the same data (a replication group), or parts of it (a cluster)."""

    __tablename__ = "groups"
    __table_args__ = (Index("ix_groups_project", "project_id", "deleted_at", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    epoch: Mapped[int] = mapped_column(default=1)
    """Counts the primaries: hosts refuse requests of an older epoch."""
    primary_id: Mapped[str | None] = mapped_column(ID)
    """The instance that takes writes; None in a cluster."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The password of the members' replication account, sealed; None in a cluster."""
    last_epoch: Mapped[int] = mapped_column(default=1)
    """The highest epoch that an operation was given, whether its promotion came about or not."""
    policy: Mapped[FailoverPolicy] = mapped_column(Typed(FailoverPolicy), default=FailoverPolicy)
    watched_until: Mapped[datetime | None]
    """Until when a run of the watch has the group; None: nobody looks at it."""
    lost: Mapped[datetime | None]
    """When the watch found that the primary is lost; None: it is not."""
    last_seen: Mapped[MemberPosition | None] = mapped_column(Typed(MemberPosition))
    """How far the primary's log was when the watch saw it last."""
    alone_since: Mapped[datetime | None]
    """Since when the primary has writes that too few replicas have; None: it has not."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]

"""Endpoints."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.base.ids import new_id
from functions.state.hosts.models import Address
from functions.state.tables import ID, Base, Typed


class Endpoint(Base):
    """A stable address of a group's primary, or of its readers. A group has at most one of each kind that exists."""

    __tablename__ = "endpoints"
    __table_args__ = (Index("ix_endpoints_group", "group_id", "kind"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id"))
    kind: Mapped[str] = mapped_column(String(32))
    """"primary" or "readers"."""
    generation: Mapped[int] = mapped_column(default=0)
    """Counts the changes of the targets."""
    target_host_ids: Mapped[list[str]] = mapped_column(default=list)
    """The hosts that the addresses lead to; empty: connections are refused."""
    addresses: Mapped[list[Address]] = mapped_column(Typed(list[Address]), default=list)
    """The addresses that clients connect to; empty until the stack is complete."""
    source_cidrs: Mapped[list[str]] = mapped_column(default=list)
    """Networks that the members' hosts must admit, since connections through the endpoint come from there."""
    held_by_host: Mapped[bool] = mapped_column(default=False)
    """Whether the target must hold the private address itself."""
    made_by: Mapped[str | None] = mapped_column(ID)
    """The operation that made it, which deletes it when it is undone."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]

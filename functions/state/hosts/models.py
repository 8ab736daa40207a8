"""Hosts."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.base.ids import new_id
from functions.base.statuses import HostPhase
from functions.state.tables import ID, Base, Typed


class Address(BaseModel):
    """An address at which tenants reach the database."""

    address: str
    type: str
    """"private" or "public"."""
    network: str | None = None


class Host(Base):
    """A machine that serves an instance, is being prepared for that, or has served one."""

    __tablename__ = "hosts"
    __table_args__ = (
        Index("ix_hosts_instance", "instance_id", "phase"),
        Index("ix_hosts_certificate", "phase", "certificate_expires"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"))
    generation: Mapped[int] = mapped_column(default=0)
    """The instance's generation at which the host was created or last changed."""
    phase: Mapped[str] = mapped_column(String(32), default=HostPhase.PREPARING)
    management_address: Mapped[str | None] = mapped_column(String(64))
    management_port: Mapped[int | None]
    management_username: Mapped[str | None] = mapped_column(String(64))
    addresses: Mapped[list[Address]] = mapped_column(Typed(list[Address]), default=list)
    fence: Mapped[int] = mapped_column(default=0)
    """Counts the operations on the host, which refuses jobs with a smaller number than the largest it has seen."""
    restart_required: Mapped[bool] = mapped_column(default=False)
    """Whether the engine has settings that take effect at its next start."""
    certificate_expires: Mapped[datetime | None]
    """When the database's TLS certificate expires; None: the database serves no TLS."""
    isolated: Mapped[bool] = mapped_column(default=False)
    """Whether the substrate cuts it off from its clients, or may have begun to."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)

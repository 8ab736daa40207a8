"""The audit log."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.state.tables import Base


class AuditEvent(Base):
    """One move of an operation."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_operation", "operation_id", "id"),
        Index("ix_audit_events_project", "project_id", "at"),
        Index("ix_audit_events_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"))
    project_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(32))
    """The operation's state after the move."""
    detail: Mapped[str | None] = mapped_column(Text)
    """Why the operation is being undone or has failed."""
    at: Mapped[datetime] = mapped_column(default=now)

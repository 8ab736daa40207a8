"""Requests that were sent with an Idempotency-Key."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.state.tables import NAME, Base


class IdempotencyKey(Base):
    """A mutating request that was sent with a key, and its answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index("ix_idempotency_keys_operation", "operation_id"),
        Index("ix_idempotency_keys_created", "created"),
    )

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(NAME, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    operation_id: Mapped[str | None] = mapped_column(ForeignKey("operations.id"))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """{"reply": the answer}, sealed, since an answer may hold a new password."""
    created: Mapped[datetime] = mapped_column(default=now)

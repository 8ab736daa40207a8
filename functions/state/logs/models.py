"""Publications of logs."""

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from datastores.protocol.logs import Position
from functions.state.tables import ID, Base, Typed


class LogPublication(Base):
    """How much of an instance's log was published to the Swift account of a project."""

    __tablename__ = "log_publications"
    __table_args__ = (Index("ix_log_publications_discarded", "discarded_by"),)

    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"), primary_key=True)
    log: Mapped[str] = mapped_column(String(64), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[Position | None] = mapped_column(Typed(Position))
    """Where the next publication begins; None: at the beginning of the log."""
    published_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    parts: Mapped[int] = mapped_column(default=0)
    """Number of objects published; the next object is named by it."""
    discarded_by: Mapped[str | None] = mapped_column(ID)
    """The last operation that discarded the published objects."""

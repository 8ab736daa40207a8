"""Backups and the backup strategies of projects."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.base.ids import new_id
from functions.base.statuses import BackupStatus
from functions.state.tables import ID, NAME, Base


class Backup(Base):
    """A copy of an instance's data in Swift."""

    __tablename__ = "backups"
    __table_args__ = (
        Index("ix_backups_project", "project_id", "deleted_at", "created"),
        Index("ix_backups_parent", "parent_id"),
        Index("ix_backups_schedule", "schedule_id"),
        Index("ix_backups_existing", "deleted_at", "status"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instances.id"))
    """None for an imported backup."""
    parent_id: Mapped[str | None] = mapped_column(ID)
    """The backup that an incremental one builds on."""
    schedule_id: Mapped[str | None] = mapped_column(ID)
    """The schedule that made the backup, and whose retention deletes it."""
    name: Mapped[str] = mapped_column(NAME)
    description: Mapped[str | None] = mapped_column(Text)
    datastore_version_id: Mapped[str] = mapped_column(ID)
    volume_size: Mapped[int]
    """GB: the instance's volume when the backup was taken; a restore needs at least this."""
    status: Mapped[str] = mapped_column(String(32), default=BackupStatus.NEW)
    location: Mapped[str | None] = mapped_column(Text)
    """URL of the Swift object that holds the backup."""
    checksum: Mapped[str | None] = mapped_column(String(64))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes stored in Swift."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]


class BackupStrategy(Base):
    """The container that a project wants for its backups: of one instance or (empty id) by default."""

    __tablename__ = "backup_strategies"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ID, primary_key=True, default="")
    swift_container: Mapped[str] = mapped_column(NAME)

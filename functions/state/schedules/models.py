"""Schedules of backups."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.base.ids import new_id
from functions.state.tables import ID, NAME, Base


class Schedule(Base):
    """Backups of an instance at the times of a cron pattern, and which of them are kept."""

    __tablename__ = "schedules"
    __table_args__ = (Index("ix_schedules_project", "project_id", "deleted_at", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    """The user who created the schedule, and in whose name its backups are accepted."""
    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"))
    name: Mapped[str] = mapped_column(NAME)
    description: Mapped[str | None] = mapped_column(Text)
    pattern: Mapped[str] = mapped_column(NAME)
    full_every: Mapped[int] = mapped_column(default=1)
    """Every n-th backup is full; the others are incremental to the one before."""
    keep_count: Mapped[int | None]
    """Number of the newest backups that are kept."""
    keep_days: Mapped[int | None]
    """Days for which a backup is kept."""
    next_run: Mapped[datetime]
    """Time of the first run that has not been served yet."""
    last_run: Mapped[datetime | None]
    last_backup_id: Mapped[str | None] = mapped_column(ID)
    last_error: Mapped[str | None] = mapped_column(Text)
    """Why the last run made no backup; None: it made one."""
    missed_runs: Mapped[int] = mapped_column(default=0)
    """Runs whose time passed without a backup."""
    trigger_due: Mapped[bool] = mapped_column(default=True)
    """Whether the cron trigger in Mistral differs from this row."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]

"""Configuration groups."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.base.ids import new_id
from functions.state.tables import ID, NAME, Base


class Configuration(Base):
    """A configuration group: values of parameters that instances of one datastore version can share."""

    __tablename__ = "configurations"
    __table_args__ = (Index("ix_configurations_project", "project_id", "deleted_at", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(NAME)
    description: Mapped[str | None] = mapped_column(Text)
    datastore_version_id: Mapped[str] = mapped_column(ID)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{parameter: value}"""
    revision: Mapped[int] = mapped_column(default=1)
    """Counts the changes of `values`."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]

"""Quotas: a lock for each project, and the limits that administrators set."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from functions.state.tables import Base


class Project(Base):
    """A tenant's project; its row is locked while a request is checked against the quota."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)


class QuotaLimit(Base):
    """A limit of one project, set by an administrator in place of the setting `quota_<resource>`."""

    __tablename__ = "quota_limits"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    resource: Mapped[str] = mapped_column(String(32), primary_key=True)
    limit: Mapped[int]
    """Instances, backups, GB of volumes or MB of memory; -1 = unlimited."""

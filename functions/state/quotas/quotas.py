"""Quotas of projects. Usage is the sum of the project's rows, taken under the project's lock, so it cannot drift and
two requests cannot exceed it together."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from functions.base.errors import QuotaExceeded
from functions.base.settings import get_settings
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.quotas.models import Project, QuotaLimit

UNLIMITED = -1
"""The limit of a resource without a limit."""
RESOURCES = ("instances", "volumes", "ram", "backups")
"""The resources that have a quota: fields of `Usage`."""


@dataclass(frozen=True)
class Usage:
    """How much a project has, asks for, or may have."""

    instances: int = 0
    volumes: int = 0
    """GB."""
    ram: int = 0
    """MB."""
    backups: int = 0


def limits(session: Session, project_id: str) -> Usage:
    """Return the project's limits: those that an administrator set, else the settings'; -1 = unlimited."""
    settings = get_settings()
    own = select(QuotaLimit).where(QuotaLimit.project_id == project_id)
    usual = {resource: getattr(settings, f"quota_{resource}") for resource in RESOURCES}
    return Usage(**usual | {row.resource: row.limit for row in session.scalars(own)})


@dataclass(frozen=True)
class Quota:
    """A resource's limit and how much of it is in use."""

    resource: str
    in_use: int
    limit: int


def show(project_id: str) -> list[Quota]:
    """Return the project's quotas, in the order of RESOURCES."""
    with transaction() as session:
        used, allowed = usage(session, project_id), limits(session, project_id)
    return [Quota(resource, getattr(used, resource), getattr(allowed, resource)) for resource in RESOURCES]


def update(project_id: str, changes: Mapping[str, int]) -> None:
    """Set limits of the project; existing resources stay, even above the limit."""
    with transaction() as session:
        lock(session, project_id)
        for resource, limit in changes.items():
            session.merge(QuotaLimit(project_id=project_id, resource=resource, limit=limit))


def usage(session: Session, project_id: str) -> Usage:
    """Return what the project has now: everything that is not deleted, in any status."""
    instances, volumes, ram = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Instance.volume_size), 0),
            func.coalesce(func.sum(Instance.memory_mb), 0),
        ).where(Instance.project_id == project_id, Instance.deleted_at.is_(None))
    ).one()
    backups = session.scalar(
        select(func.count()).select_from(Backup).where(Backup.project_id == project_id, Backup.deleted_at.is_(None))
    )
    return Usage(instances, int(volumes), int(ram), backups or 0)


def reserve(session: Session, project_id: str, asked: Usage) -> None:
    """Lock the project until the transaction ends, and check that `asked` fits into its quota.

    Raises:
        QuotaExceeded: a limit would be exceeded; the message names the resource, the request, the usage and the limit.
    """
    lock(session, project_id)
    used, allowed = usage(session, project_id), limits(session, project_id)
    for resource in RESOURCES:
        wanted, limit = getattr(asked, resource), getattr(allowed, resource)
        in_use = getattr(used, resource)
        if wanted and limit != UNLIMITED and in_use + wanted > limit:
            raise QuotaExceeded(
                f"Quota exceeded for resource '{resource}': requested {wanted}, in use {in_use}, limit {limit}."
            )


def lock(session: Session, project_id: str) -> None:
    """Lock the project's row. A new row is committed first, since two open inserts would deadlock."""
    if session.get(Project, project_id, with_for_update=True) is None:
        with suppress(IntegrityError), transaction() as own:
            own.add(Project(id=project_id))
        session.get(Project, project_id, with_for_update=True)

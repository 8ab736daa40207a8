"""Backups, for the API and steps."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.base.errors import Conflict, NotFound
from functions.base.statuses import BackupStatus
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance


def get(project_id: str, backup_id: str) -> Backup:
    """Return the project's backup. Raises NotFound."""
    with transaction() as session:
        backup = session.get(Backup, backup_id)
    if backup is None or backup.project_id != project_id or backup.deleted_at is not None:
        raise NotFound(f"Backup {backup_id} cannot be found.")
    return backup


@dataclass(frozen=True)
class BackupFilter:
    """Which backups to list; None does not restrict."""

    instance_id: str | None = None
    schedule_id: str | None = None
    datastore_version_ids: frozenset[str] | None = None


def page(project_id: str | None, limit: int, offset: int, which: BackupFilter) -> list[Backup]:
    """Return up to `limit` backups of a project (None: of all) after the first `offset`, newest first."""
    query = select(Backup).where(Backup.deleted_at.is_(None))
    if project_id is not None:
        query = query.where(Backup.project_id == project_id)
    if which.instance_id is not None:
        query = query.where(Backup.instance_id == which.instance_id)
    if which.schedule_id is not None:
        query = query.where(Backup.schedule_id == which.schedule_id)
    if which.datastore_version_ids is not None:
        query = query.where(Backup.datastore_version_id.in_(which.datastore_version_ids))
    query = query.order_by(Backup.created.desc(), Backup.id).limit(limit).offset(offset)
    with transaction() as session:
        return list(session.scalars(query))


def newest(session: Session, instance: Instance, schedule_id: str | None) -> Backup | None:
    """Return the instance's newest COMPLETED backup of its present version; with a schedule, of that schedule."""
    query = select(Backup).where(
        Backup.instance_id == instance.id,
        Backup.datastore_version_id == instance.datastore_version_id,
        Backup.status == BackupStatus.COMPLETED,
        Backup.deleted_at.is_(None),
    )
    if schedule_id is not None:
        query = query.where(Backup.schedule_id == schedule_id)
    return session.scalar(query.order_by(Backup.created.desc(), Backup.id).limit(1))


def require_restorable(backup: Backup) -> None:
    """Raise Conflict if the backup is neither COMPLETED nor RESTORED."""
    if backup.status not in (BackupStatus.COMPLETED, BackupStatus.RESTORED):
        raise Conflict(f"Backup {backup.id} cannot be restored: its status is {backup.status}.")

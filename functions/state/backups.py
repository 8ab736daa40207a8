"""Backups: what the API reads, and the transactions that accept its requests."""

from dataclasses import dataclass

from sqlalchemy import select

from functions.runtime.errors import NotFound
from functions.state import quotas
from functions.state.acceptance import (
    Caller,
    Order,
    accept,
    lock_backup,
    lock_instance,
    not_available,
    require_idle_backup,
)
from functions.state.database import transaction
from functions.state.models import Backup, BackupStatus, InstanceStatus, Operation, OperationType, new_id


@dataclass(frozen=True)
class NewBackup:
    """A validated create request."""

    name: str
    instance_id: str
    description: str | None = None


def accept_create(request: NewBackup, caller: Caller) -> tuple[Backup, Operation]:
    """Accept a full backup of an instance that is ACTIVE and idle.

    Raises:
        NotFound, Busy, QuotaExceeded.
    """
    with transaction() as session:
        quotas.reserve(session, caller.project_id, quotas.Usage(backups=1))
        instance = lock_instance(session, caller.project_id, request.instance_id)
        if instance.status != InstanceStatus.ACTIVE:
            raise not_available("Instance", instance.id, instance.status)
        backup = Backup(
            id=new_id(),
            project_id=caller.project_id,
            instance_id=instance.id,
            name=request.name,
            description=request.description,
            datastore_version_id=instance.datastore_version_id,
            volume_size=instance.volume_size,
            status=BackupStatus.NEW,
        )
        session.add(backup)
        session.flush()
        return backup, accept(session, caller, Order(OperationType.BACKUP_CREATE), instance, backup)


def accept_delete(project_id: str, backup_id: str, caller: Caller) -> Operation:
    """Accept the deletion of a backup that nothing uses now.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        backup = lock_backup(session, project_id, backup_id)
        require_idle_backup(session, backup)
        return accept(session, caller, Order(OperationType.BACKUP_DELETE), backup=backup)


def get(project_id: str, backup_id: str) -> Backup:
    """The project's backup. Raises NotFound."""
    with transaction() as session:
        backup = session.get(Backup, backup_id)
    if backup is None or backup.project_id != project_id or backup.deleted_at is not None:
        raise NotFound(f"Backup {backup_id} cannot be found.")
    return backup


@dataclass(frozen=True)
class BackupFilter:
    """Which backups to list; None does not restrict."""

    instance_id: str | None = None
    datastore_version_ids: frozenset[str] | None = None


def page(project_id: str, limit: int, offset: int, which: BackupFilter) -> list[Backup]:
    """The project's backups, newest first: up to `limit` after the first `offset`."""
    query = select(Backup).where(Backup.project_id == project_id, Backup.deleted_at.is_(None))
    if which.instance_id is not None:
        query = query.where(Backup.instance_id == which.instance_id)
    if which.datastore_version_ids is not None:
        query = query.where(Backup.datastore_version_id.in_(which.datastore_version_ids))
    query = query.order_by(Backup.created.desc(), Backup.id).limit(limit).offset(offset)
    with transaction() as session:
        return list(session.scalars(query))

"""Backups: what the API reads, and the transactions that accept its requests."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.runtime.errors import BadRequest, Busy, Conflict, NotFound
from functions.state import chains, operations, quotas
from functions.state.acceptance import Caller, Order, accept, lock_instance, not_available
from functions.state.database import transaction
from functions.state.idempotency import tie
from functions.state.models import (
    Backup,
    BackupStatus,
    Instance,
    InstanceStatus,
    Operation,
    OperationType,
    new_id,
)

PARENT_REQUIRED = "parent_required"
"""In an operation's request: whether a full backup would do where the parent is of no use."""


@dataclass(frozen=True)
class NewBackup:
    """A validated create request: upon `parent_id`, or `incremental` upon the newest that there is, or full."""

    name: str
    instance_id: str
    description: str | None = None
    parent_id: str | None = None
    incremental: bool = False
    schedule_id: str | None = None


@dataclass(frozen=True)
class ImportedBackup:
    """A validated request to bring a backup from elsewhere: what it is to be, and where it is in Swift."""

    name: str
    description: str | None
    datastore_version_id: str
    volume_size: int
    container: str
    prefix: str
    own_account: bool
    """Whether it is in the project's own account, not in the service's."""


def accept_import(request: ImportedBackup, caller: Caller) -> tuple[Backup, Operation]:
    """Accept a backup from elsewhere. Raises QuotaExceeded."""
    with transaction() as session:
        quotas.reserve(session, caller.project_id, quotas.Usage(backups=1))
        backup = Backup(
            id=new_id(),
            project_id=caller.project_id,
            name=request.name,
            description=request.description,
            datastore_version_id=request.datastore_version_id,
            volume_size=request.volume_size,
            status=BackupStatus.NEW,
        )
        session.add(backup)
        session.flush()
        place = {"own_account": request.own_account, "container": request.container, "prefix": request.prefix}
        return backup, accept(session, caller, Order(OperationType.BACKUP_IMPORT, place), backup=backup)


def accept_create(request: NewBackup, caller: Caller) -> tuple[Backup, Operation]:
    """Accept a backup of an instance that is ACTIVE and idle.

    Raises:
        BadRequest: the parent is of another instance or version.
        Conflict: the parent is not COMPLETED.
        NotFound, Busy, QuotaExceeded.
    """
    with transaction() as session:
        return accept_create_in(session, request, caller)


def accept_create_in(session: Session, request: NewBackup, caller: Caller) -> tuple[Backup, Operation]:
    """The same within a transaction; an error leaves nothing written."""
    quotas.reserve(session, caller.project_id, quotas.Usage(backups=1))
    instance = lock_instance(session, caller.project_id, request.instance_id, OperationType.BACKUP_CREATE)
    if instance.status != InstanceStatus.ACTIVE:
        raise not_available("Instance", instance.id, instance.status)
    parent = _parent(session, request, instance)
    backup = Backup(
        id=new_id(),
        project_id=caller.project_id,
        instance_id=instance.id,
        parent_id=parent.id if parent else None,
        schedule_id=request.schedule_id,
        name=request.name,
        description=request.description,
        datastore_version_id=instance.datastore_version_id,
        volume_size=instance.volume_size,
        status=BackupStatus.NEW,
    )
    session.add(backup)
    session.flush()
    order = Order(OperationType.BACKUP_CREATE, {PARENT_REQUIRED: request.parent_id is not None})
    return backup, accept(session, caller, order, instance, backup)


def _parent(session: Session, request: NewBackup, instance: Instance) -> Backup | None:
    """The backup to build on, its chain locked; None for a full backup."""
    if request.parent_id is not None:
        parent = chains.lock(session, instance.project_id, request.parent_id)
        if (parent.instance_id, parent.datastore_version_id) != (instance.id, instance.datastore_version_id):
            raise BadRequest(f"Backup {parent.id} is not of this instance as it is now: no backup can build on it.")
        if parent.status != BackupStatus.COMPLETED:
            raise Conflict(f"No backup can build on backup {parent.id}: its status is {parent.status}.")
        chains.require_no_deletion(session, parent)
        return parent
    last = newest(session, instance, request.schedule_id) if request.incremental else None
    if last is None:
        return None
    try:
        parent = chains.lock(session, instance.project_id, last.id)
        chains.require_no_deletion(session, parent)
    except (NotFound, Busy):
        return None
    return parent


def newest(session: Session, instance: Instance, schedule_id: str | None) -> Backup | None:
    """The newest backup of the instance as it is now; for a schedule the newest of its own."""
    query = select(Backup).where(
        Backup.instance_id == instance.id,
        Backup.datastore_version_id == instance.datastore_version_id,
        Backup.status == BackupStatus.COMPLETED,
        Backup.deleted_at.is_(None),
    )
    if schedule_id is not None:
        query = query.where(Backup.schedule_id == schedule_id)
    return session.scalar(query.order_by(Backup.created.desc(), Backup.id).limit(1))


def accept_delete(project_id: str, backup_id: str, caller: Caller) -> Operation:
    """Accept the deletion of a backup and all that build on it, none of which is in use now.

    One that is being made has its making cancelled: that operation, which deletes it, is returned.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        if (cancelled := _cancel_making(session, project_id, backup_id, caller)) is not None:
            return cancelled
        backup = chains.lock(session, project_id, backup_id)
        chains.require_unused(session, backup)
        return accept(session, caller, Order(OperationType.BACKUP_DELETE), backup=backup)


def _cancel_making(session: Session, project_id: str, backup_id: str, caller: Caller) -> Operation | None:
    """The operation, locked before the backup as at its end, that makes a backup and does so no more."""
    making = operations.making_backups(session, project_id, Operation.backup_id == backup_id)
    reason = "cancelled: its backup was deleted meanwhile"
    operation = operations.cancel(session, making[0], reason) if making else None
    if operation is None:
        return None
    if caller.idempotency_key is not None:
        tie(session, caller.idempotency_key, operation.id)
    return operation


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
    schedule_id: str | None = None
    datastore_version_ids: frozenset[str] | None = None


def page(project_id: str | None, limit: int, offset: int, which: BackupFilter) -> list[Backup]:
    """A project's backups, or every project's, newest first: up to `limit` after the first `offset`."""
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

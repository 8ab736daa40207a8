"""A full backup: one job on the host streams it to Swift in segments; the large object is written once all were
verified. Undone: the job is ended, every object deleted.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest, Busy, Conflict, NotFound
from functions.base.ids import new_id
from functions.base.statuses import BackupStatus, InstanceStatus
from functions.framework.operation import On, OperationKind, Task
from functions.operations.parts import plans
from functions.state.backups import backups, chains
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, require
from functions.state.operations.models import Operation
from functions.state.quotas import quotas


@dataclass(frozen=True)
class Request:
    """The request for a backup."""

    parent_required: bool
    """Whether the operation fails if the host cannot build on the parent; else the host makes a full backup."""


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=(
        Task("prepare_backup", "backup.prepare", undo=plans.BACKUP_REMOVED),
        *plans.job("backup", 86400),
        Task("commit_backup", "backup.commit", on=On.NONE),
    ),
    limit=timedelta(hours=24),
    lock=Lock.COPYING,
    instance_during=InstanceStatus.BACKUP,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ACTIVE,
    backup_during=BackupStatus.BUILDING,
    backup_after=BackupStatus.COMPLETED,
    backup_failed=BackupStatus.FAILED,
    makes="backup",
)


@dataclass(frozen=True)
class NewBackup:
    """A validated create request: incremental to `parent_id`, `incremental` to the newest backup, or full."""

    name: str
    instance_id: str
    description: str | None = None
    parent_id: str | None = None
    incremental: bool = False
    schedule_id: str | None = None


def accept_create(asked: NewBackup, caller: Caller) -> tuple[Backup, Operation]:
    """Accept a backup of an instance that is ACTIVE and idle.

    Raises:
        BadRequest: the parent is of another instance or version.
        Conflict: the parent is not COMPLETED.
        NotFound, Busy, QuotaExceeded.
    """
    with transaction() as session:
        return accept_in(session, asked, caller)


def accept_in(session: Session, asked: NewBackup, caller: Caller) -> tuple[Backup, Operation]:
    """Accept a backup within a transaction. Raises the errors of `accept_create`; nothing is written then."""
    quotas.reserve(session, caller.project_id, quotas.Usage(backups=1))
    instance = lock_instance(session, caller.project_id, asked.instance_id, OPERATION.lock)
    require(instance, InstanceStatus.ACTIVE)
    parent = _parent(session, asked, instance)
    backup = Backup(
        id=new_id(),
        project_id=caller.project_id,
        instance_id=instance.id,
        parent_id=parent.id if parent else None,
        schedule_id=asked.schedule_id,
        name=asked.name,
        description=asked.description,
        datastore_version_id=instance.datastore_version_id,
        volume_size=instance.volume_size,
        status=BackupStatus.NEW,
    )
    session.add(backup)
    session.flush()
    order = Order(OPERATION, Request(parent_required=asked.parent_id is not None))
    return backup, accept(session, caller, order, instance, backup)


def _parent(session: Session, asked: NewBackup, instance: Instance) -> Backup | None:
    """Lock the chain of the backup to build on, and return that backup; None for a full backup."""
    if asked.parent_id is not None:
        parent = chains.lock(session, instance.project_id, asked.parent_id)
        if (parent.instance_id, parent.datastore_version_id) != (instance.id, instance.datastore_version_id):
            raise BadRequest(f"Backup {parent.id} is not of this instance as it is now: no backup can build on it.")
        if parent.status != BackupStatus.COMPLETED:
            raise Conflict(f"No backup can build on backup {parent.id}: its status is {parent.status}.")
        chains.require_no_deletion(session, parent)
        return parent
    last = backups.newest(session, instance, asked.schedule_id) if asked.incremental else None
    if last is None:
        return None
    try:
        parent = chains.lock(session, instance.project_id, last.id)
        chains.require_no_deletion(session, parent)
    except (NotFound, Busy):
        return None
    return parent

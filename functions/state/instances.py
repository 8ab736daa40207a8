"""Instances: what the API reads, and the transactions that accept its requests."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, SecretStr
from sqlalchemy import select

from functions.runtime.errors import Conflict, NotFound
from functions.runtime.settings import get_settings
from functions.state import quotas
from functions.state.acceptance import Caller, Order, accept, lock_backup, lock_instance, not_available
from functions.state.database import transaction
from functions.state.models import BackupStatus, Instance, InstanceStatus, Operation, OperationType, new_id


class NewUser(BaseModel):
    """A database user to create with an instance."""

    name: str
    password: SecretStr
    host: str = "%"
    databases: list[str] = []


class NewDatabase(BaseModel):
    """A database to create with an instance."""

    name: str
    character_set: str | None = None
    collate: str | None = None


@dataclass(frozen=True)
class NewInstance:
    """A validated create request; sizes in GB and MB."""

    name: str
    datastore_version_id: str
    flavor_id: str
    memory_mb: int
    cpus: int
    volume_size: int
    access: dict[str, Any] = field(default_factory=dict)
    databases: list[NewDatabase] = field(default_factory=list)
    users: list[NewUser] = field(default_factory=list)
    backup_id: str | None = None
    """Restore this backup into the new instance."""


def accept_create(request: NewInstance, caller: Caller) -> tuple[Instance, Operation]:
    """Accept a new instance, empty or restored from a backup.

    Raises:
        QuotaExceeded: the project's quota of instances, volumes or memory.
        NotFound, Conflict: the backup to restore is not there or not complete.
    """
    with transaction() as session:
        asked = quotas.Usage(instances=1, volumes=request.volume_size, ram=request.memory_mb)
        quotas.reserve(session, caller.project_id, asked)
        backup = lock_backup(session, caller.project_id, request.backup_id) if request.backup_id else None
        if backup is not None and backup.status != BackupStatus.COMPLETED:
            raise Conflict(f"Backup {backup.id} cannot be restored: its status is {backup.status}.")
        instance = Instance(
            id=new_id(),
            project_id=caller.project_id,
            name=request.name,
            datastore_version_id=request.datastore_version_id,
            flavor_id=request.flavor_id,
            memory_mb=request.memory_mb,
            cpus=request.cpus,
            volume_size=request.volume_size,
            region=get_settings().os_region_name,
            access=request.access,
            host_id=new_id(),
            fence=0,
        )
        session.add(instance)
        session.flush()
        order = Order(
            OperationType.INSTANCE_RESTORE if backup else OperationType.INSTANCE_CREATE,
            request={
                "databases": [database.model_dump(exclude_none=True) for database in request.databases],
                "users": [user.model_dump(exclude={"password"}) for user in request.users],
            },
            secrets={"passwords": {_account(user): user.password.get_secret_value() for user in request.users}},
        )
        return instance, accept(session, caller, order, instance, backup)


def _account(user: NewUser) -> str:
    return f"{user.name}@{user.host}"


def accept_restart(project_id: str, instance_id: str, caller: Caller) -> Operation:
    """Accept a restart of the database; an instance in ERROR that was once built may be restarted too.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        instance = lock_instance(session, project_id, instance_id)
        built = instance.management_address is not None
        if instance.status != InstanceStatus.ACTIVE and not (instance.status == InstanceStatus.ERROR and built):
            raise not_available("Instance", instance_id, instance.status)
        return accept(session, caller, Order(OperationType.INSTANCE_RESTART), instance)


def accept_delete(project_id: str, instance_id: str, caller: Caller) -> Operation:
    """Accept the deletion of an instance that is idle, whatever its status.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        instance = lock_instance(session, project_id, instance_id)
        return accept(session, caller, Order(OperationType.INSTANCE_DELETE), instance)


def get(project_id: str, instance_id: str) -> Instance:
    """The project's instance. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id)
    if instance is None or instance.project_id != project_id or instance.deleted_at is not None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    return instance


def page(project_id: str, limit: int, marker: str | None = None) -> list[Instance]:
    """The project's instances after `marker`, in the order of their ids: up to `limit`."""
    query = select(Instance).where(Instance.project_id == project_id, Instance.deleted_at.is_(None))
    if marker:
        query = query.where(Instance.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(limit)))

"""Instances: what the API reads, and the transactions that accept its requests."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.runtime.errors import Conflict, NotFound
from functions.runtime.settings import get_settings
from functions.state import chains, configurations, operations, quotas
from functions.state.acceptance import Caller, Order, accept, lock_instance, not_available
from functions.state.database import transaction
from functions.state.models import (
    Backup,
    BackupStatus,
    Instance,
    InstanceStatus,
    Operation,
    OperationType,
    new_id,
)

RESTARTABLE = (InstanceStatus.SHUTDOWN, InstanceStatus.ERROR)


class NewUser(BaseModel):
    """A database user to create with an instance."""

    name: str
    password: SecretStr
    host: str = "%"
    databases: list[str] = []

    @property
    def account(self) -> str:
        """What tells it from others."""
        return f"{self.name}@{self.host}"


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
    configuration_id: str | None = None
    """Attach this configuration group."""
    deletion_protection: bool = False
    tags: list[str] = field(default_factory=list)


def accept_create(request: NewInstance, caller: Caller) -> tuple[Instance, Operation]:
    """Accept a new instance, empty or restored from a backup.

    Raises:
        QuotaExceeded: the project's quota of instances, volumes or memory.
        NotFound, Conflict: the backup to restore is not there or not complete.
        NotFound, BadRequest: the configuration group is not there or of another datastore version.
    """
    with transaction() as session:
        asked = quotas.Usage(instances=1, volumes=request.volume_size, ram=request.memory_mb)
        quotas.reserve(session, caller.project_id, asked)
        backup = chains.lock(session, caller.project_id, request.backup_id) if request.backup_id else None
        if backup is not None:
            require_restorable(backup)
            chains.require_no_deletion(session, backup)
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
            deletion_protection=request.deletion_protection,
            tags=request.tags,
        )
        if request.configuration_id is not None:
            configurations.give(session, instance, request.configuration_id)
        session.add(instance)
        session.flush()
        order = Order(
            OperationType.INSTANCE_RESTORE if backup else OperationType.INSTANCE_CREATE,
            request={
                "databases": [database.model_dump(exclude_none=True) for database in request.databases],
                "users": [user.model_dump(exclude={"password"}) for user in request.users],
            },
            secrets={"passwords": {user.account: user.password.get_secret_value() for user in request.users}},
        )
        return instance, accept(session, caller, order, instance, backup)


def require_restorable(backup: Backup) -> None:
    """Raises Conflict for a backup that is not whole."""
    if backup.status not in (BackupStatus.COMPLETED, BackupStatus.RESTORED):
        raise Conflict(f"Backup {backup.id} cannot be restored: its status is {backup.status}.")


def accept_restart(project_id: str, instance_id: str, caller: Caller) -> Operation:
    """Accept a restart of the database; one that was stopped, or is in ERROR and was once built, starts again.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        instance = lock_instance(session, project_id, instance_id, OperationType.INSTANCE_RESTART)
        built = instance.management_address is not None
        if not (instance.status == InstanceStatus.ACTIVE or (instance.status in RESTARTABLE and built)):
            raise not_available("Instance", instance_id, instance.status)
        return accept(session, caller, Order(OperationType.INSTANCE_RESTART), instance)


def accept_delete(project_id: str, instance_id: str, caller: Caller) -> Operation:
    """Accept the deletion of an instance, whatever its status; a backup that is being made of it is cancelled.

    Raises:
        NotFound, Busy.
        Conflict: it is protected from deletion.
    """
    with transaction() as session:
        cancelled = _cancel_backups(session, project_id, instance_id)
        instance = lock_instance(session, project_id, instance_id, OperationType.INSTANCE_DELETE, passing=cancelled)
        if instance.deletion_protection:
            raise Conflict(
                f"Instance {instance_id} is protected from deletion: set its deletion_protection to false first."
            )
        return accept(session, caller, Order(OperationType.INSTANCE_DELETE), instance)


def _cancel_backups(session: Session, project_id: str, instance_id: str) -> list[str]:
    """The operations, locked before the instance as at their end, that make a backup of it and do so no more."""
    making = operations.making_backups(session, project_id, Operation.instance_id == instance_id)
    for operation_id in making:
        operations.cancel(session, operation_id, "cancelled: its instance was deleted meanwhile")
    return making


def get(project_id: str, instance_id: str) -> Instance:
    """The project's instance. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id)
    if instance is None or instance.project_id != project_id or instance.deleted_at is not None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    return instance


def load(instance_id: str) -> Instance:
    """The instance, of whatever project. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id)
    if instance is None or instance.deleted_at is not None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    return instance


def page(project_id: str, limit: int, marker: str | None = None) -> list[Instance]:
    """The project's instances after `marker`, in the order of their ids: up to `limit`."""
    query = select(Instance).where(Instance.project_id == project_id, Instance.deleted_at.is_(None))
    if marker:
        query = query.where(Instance.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(limit)))

"""The tables. Heat, Mistral and Swift stay the truth for what they own; these rows are what the API shows and locks."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from functions.runtime.clock import now


class OperationState(StrEnum):
    """Where an operation is; the last three are ends."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    NEEDS_OPERATOR = "NEEDS_OPERATOR"


ACTIVE_STATES = (OperationState.QUEUED, OperationState.RUNNING)


class OperationType(StrEnum):
    """The database operations: each is a workflow of that name."""

    INSTANCE_CREATE = "instance_create"
    INSTANCE_RESTORE = "instance_restore"
    INSTANCE_RESTART = "instance_restart"
    INSTANCE_DELETE = "instance_delete"
    BACKUP_CREATE = "backup_create"
    BACKUP_DELETE = "backup_delete"


class StepState(StrEnum):
    """Where a step of an operation is; WAITING: its last call answered `done: false`."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    ERROR = "ERROR"


class InstanceStatus(StrEnum):
    """Trove's instance status values in use."""

    BUILD = "BUILD"
    ACTIVE = "ACTIVE"
    REBOOT = "REBOOT"
    BACKUP = "BACKUP"
    SHUTDOWN = "SHUTDOWN"
    ERROR = "ERROR"


class BackupStatus(StrEnum):
    """Trove's backup status values in use."""

    NEW = "NEW"
    BUILDING = "BUILDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    DELETE_FAILED = "DELETE_FAILED"


def new_id() -> str:
    """A fresh UUID as text."""
    return str(uuid.uuid4())


_time: TypeEngine[datetime] = DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
_json = JSON(none_as_null=True)
_id = String(36)
_name = String(255)


class Base(DeclarativeBase):
    """Base of the tables."""

    type_annotation_map: ClassVar = {dict[str, Any]: _json, list[dict[str, Any]]: _json, datetime: _time}


class Project(Base):
    """One row per tenant: locked while a request is held against the project's quota."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)


class Instance(Base):
    """A database server of a tenant; kept, with `deleted_at`, after its deletion."""

    __tablename__ = "instances"
    __table_args__ = (Index("ix_instances_project", "project_id", "deleted_at", "id"),)

    id: Mapped[str] = mapped_column(_id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(_name)
    datastore_version_id: Mapped[str] = mapped_column(_id)
    flavor_id: Mapped[str] = mapped_column(_name)
    memory_mb: Mapped[int]
    cpus: Mapped[int]
    volume_size: Mapped[int]
    """GB."""
    region: Mapped[str] = mapped_column(_name)
    access: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{"is_public": bool, "allowed_cidrs": [str]}"""
    status: Mapped[str] = mapped_column(String(32), default=InstanceStatus.BUILD)
    operating_status: Mapped[str] = mapped_column(String(32), default="")
    fault: Mapped[dict[str, Any] | None]
    """{"message": str, "created": ISO time, "details": str}"""
    host_id: Mapped[str] = mapped_column(_id, default=new_id)
    management_address: Mapped[str | None] = mapped_column(String(64))
    management_port: Mapped[int | None]
    management_username: Mapped[str | None] = mapped_column(String(64))
    addresses: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """[{"address": str, "type": "private"|"public", "network"?: str}]"""
    fence: Mapped[int] = mapped_column(default=0)
    """Counts the instance's operations; a host refuses jobs of a smaller one than it has seen."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]


class Backup(Base):
    """A copy of an instance's data in Swift."""

    __tablename__ = "backups"
    __table_args__ = (Index("ix_backups_project", "project_id", "deleted_at", "created"),)

    id: Mapped[str] = mapped_column(_id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"))
    parent_id: Mapped[str | None] = mapped_column(_id)
    name: Mapped[str] = mapped_column(_name)
    description: Mapped[str | None] = mapped_column(Text)
    datastore_version_id: Mapped[str] = mapped_column(_id)
    volume_size: Mapped[int]
    """GB: the instance's volume when the backup was taken; a restore needs at least this."""
    status: Mapped[str] = mapped_column(String(32), default=BackupStatus.NEW)
    location: Mapped[str | None] = mapped_column(Text)
    """URL of the Swift object that holds the backup."""
    checksum: Mapped[str | None] = mapped_column(String(64))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes stored in Swift."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]


class Operation(Base):
    """One accepted mutating request; its id is also the id of the Mistral execution that carries it out."""

    __tablename__ = "operations"
    __table_args__ = (
        Index("ix_operations_project", "project_id", "created"),
        Index("ix_operations_instance", "instance_id", "state"),
        Index("ix_operations_backup", "backup_id", "state"),
        Index("ix_operations_state", "state", "created"),
    )

    id: Mapped[str] = mapped_column(_id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(32), default=OperationState.QUEUED)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instances.id"))
    backup_id: Mapped[str | None] = mapped_column(ForeignKey("backups.id"))
    fence: Mapped[int] = mapped_column(default=0)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was asked for, without its secrets."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Secrets of the operation, sealed; wiped when it ends."""
    progress: Mapped[dict[str, Any] | None]
    """Progress of the running job: {"phase": str, "bytes": int|null, "percent": float|null}"""
    error: Mapped[dict[str, Any] | None]
    """Why it is being undone or has failed: {"step": str|null, "message": str}"""
    settlements: Mapped[int] = mapped_column(default=0)
    """How often the sweep had to start the undoing."""
    created: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    deadline: Mapped[datetime]

    steps: Mapped[list["OperationStep"]] = relationship(order_by="OperationStep.started", lazy="raise")


class OperationStep(Base):
    """One line of an operation's timeline."""

    __tablename__ = "operation_steps"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(32), default=StepState.RUNNING)
    attempts: Mapped[int] = mapped_column(default=1)
    error: Mapped[dict[str, Any] | None]
    """{"type": str, "message": str}"""
    started: Mapped[datetime] = mapped_column(default=now)
    ended: Mapped[datetime | None]

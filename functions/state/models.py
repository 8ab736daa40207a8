"""The tables. Heat, Mistral and Swift stay the truth for what they own; these rows are what the API shows and locks."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates
from sqlalchemy.types import TypeEngine

from functions.runtime.clock import now


class OperationState(StrEnum):
    """Where an operation is; the last three are ends."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NEEDS_OPERATOR = "NEEDS_OPERATOR"


ACTIVE_STATES = (OperationState.QUEUED, OperationState.RUNNING)


class OperationType(StrEnum):
    """The database operations: each is a workflow of that name."""

    INSTANCE_CREATE = "instance_create"
    INSTANCE_RESTORE = "instance_restore"
    INSTANCE_RESTART = "instance_restart"
    INSTANCE_DELETE = "instance_delete"
    INSTANCE_CONFIGURE = "instance_configure"
    INSTANCE_RESIZE = "instance_resize"
    INSTANCE_RESIZE_VOLUME = "instance_resize_volume"
    INSTANCE_ACCESS = "instance_access"
    INSTANCE_UPGRADE = "instance_upgrade"
    INSTANCE_STOP = "instance_stop"
    INSTANCE_START = "instance_start"
    DATABASE_CREATE = "database_create"
    DATABASE_DELETE = "database_delete"
    USER_CREATE = "user_create"
    USER_UPDATE = "user_update"
    USER_DELETE = "user_delete"
    ACCESS_GRANT = "access_grant"
    ACCESS_REVOKE = "access_revoke"
    ROOT_ENABLE = "root_enable"
    ROOT_DISABLE = "root_disable"
    INSTANCE_LOG = "instance_log"
    BACKUP_CREATE = "backup_create"
    BACKUP_IMPORT = "backup_import"
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
    RESIZE = "RESIZE"
    UPGRADE = "UPGRADE"
    BACKUP = "BACKUP"
    SHUTDOWN = "SHUTDOWN"
    ERROR = "ERROR"


class BackupStatus(StrEnum):
    """Trove's backup status values in use."""

    NEW = "NEW"
    BUILDING = "BUILDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    RESTORED = "RESTORED"
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

    type_annotation_map: ClassVar = {
        dict[str, Any]: _json,
        list[dict[str, Any]]: _json,
        list[str]: _json,
        datetime: _time,
    }


class Project(Base):
    """One row per tenant: locked while a request is held against the project's quota."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)


class QuotaLimit(Base):
    """A limit of one project that an administrator set; without a row the setting `quota_<resource>` is in force."""

    __tablename__ = "quota_limits"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    resource: Mapped[str] = mapped_column(String(32), primary_key=True)
    limit: Mapped[int]
    """-1 is unlimited."""


class VersionChoice(Base):
    """What an administrator chose for a datastore version of the catalog; without a row the catalog says."""

    __tablename__ = "version_choices"

    version_id: Mapped[str] = mapped_column(_id, primary_key=True)
    active: Mapped[bool]
    """Whether it can be asked for."""
    removed: Mapped[bool] = mapped_column(default=False)
    """Not shown to anybody; kept for what was made with it."""
    is_default: Mapped[bool] = mapped_column(default=False)
    """Taken when no version is asked for, in place of the catalog's default."""


class Configuration(Base):
    """A configuration group: values of parameters that instances of one datastore version can share."""

    __tablename__ = "configurations"
    __table_args__ = (Index("ix_configurations_project", "project_id", "deleted_at", "id"),)

    id: Mapped[str] = mapped_column(_id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(_name)
    description: Mapped[str | None] = mapped_column(Text)
    datastore_version_id: Mapped[str] = mapped_column(_id)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{parameter: value}"""
    revision: Mapped[int] = mapped_column(default=1)
    """Counts the changes of `values`."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]


class Instance(Base):
    """A database server of a tenant; kept, with `deleted_at`, after its deletion."""

    __tablename__ = "instances"
    __table_args__ = (
        Index("ix_instances_project", "project_id", "deleted_at", "id"),
        Index("ix_instances_configuration", "configuration_id"),
        Index("ix_instances_existing", "deleted_at", "status"),
        Index("ix_instances_probe", "deleted_at", "probe_due"),
    )

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
    service_status_updated: Mapped[datetime | None]
    """When `operating_status` became what it is; None: with the instance itself."""
    probe_due: Mapped[datetime] = mapped_column(default=now)
    """When its database is asked next whether it serves."""
    silences: Mapped[int] = mapped_column(default=0)
    """How many times in a row its host gave no answer to that."""
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
    configuration_id: Mapped[str | None] = mapped_column(ForeignKey("configurations.id"))
    """The configuration group that is attached, or being attached."""
    configuration_revision: Mapped[int] = mapped_column(default=0)
    """The group's revision that the instance was given last, whether its engine took it or not."""
    configuration_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The group's values that are in force, over the defaults of the flavor."""
    restart_required: Mapped[bool] = mapped_column(default=False)
    """The engine has settings that take effect at its next start."""
    certificate_expires: Mapped[datetime | None]
    """When the certificate ends with which the database serves TLS; None: it does not."""
    enabled_logs: Mapped[list[str]] = mapped_column(default=list)
    """The logs of type USER that the engine is to write."""
    deletion_protection: Mapped[bool] = mapped_column(default=False)
    """Deleting is refused while it is set."""
    tags: Mapped[list[str]] = mapped_column(default=list)
    """What the tenant marks the instance with."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]

    @validates("operating_status")
    def _date_status(self, _name: str, status: str) -> str:
        if status != (self.operating_status or ""):
            self.service_status_updated = now()
        return status


class LogPublication(Base):
    """How much of an instance's log was published to the Swift account of a project."""

    __tablename__ = "log_publications"
    __table_args__ = (Index("ix_log_publications_discarded", "discarded_by"),)

    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"), primary_key=True)
    log: Mapped[str] = mapped_column(String(64), primary_key=True)
    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[dict[str, Any] | None]
    """Where the next publication begins, in the host's own form; None: at the beginning."""
    published_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    parts: Mapped[int] = mapped_column(default=0)
    """Objects published; it numbers the next one."""
    discarded_by: Mapped[str | None] = mapped_column(_id)
    """The last operation that discarded what was published."""


class Backup(Base):
    """A copy of an instance's data in Swift."""

    __tablename__ = "backups"
    __table_args__ = (
        Index("ix_backups_project", "project_id", "deleted_at", "created"),
        Index("ix_backups_parent", "parent_id"),
        Index("ix_backups_schedule", "schedule_id"),
        Index("ix_backups_existing", "deleted_at", "status"),
    )

    id: Mapped[str] = mapped_column(_id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instances.id"))
    """None for a backup that was brought from elsewhere."""
    parent_id: Mapped[str | None] = mapped_column(_id)
    """The backup that an incremental one builds on."""
    schedule_id: Mapped[str | None] = mapped_column(_id)
    """The schedule that made it, and whose retention removes it."""
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


class BackupStrategy(Base):
    """Where a project wants its backups, for one instance or (empty id) as its default."""

    __tablename__ = "backup_strategies"

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    instance_id: Mapped[str] = mapped_column(_id, primary_key=True, default="")
    swift_container: Mapped[str] = mapped_column(_name)


class Schedule(Base):
    """Backups of an instance at the times of a cron pattern, and which of them are kept."""

    __tablename__ = "schedules"
    __table_args__ = (Index("ix_schedules_project", "project_id", "deleted_at", "id"),)

    id: Mapped[str] = mapped_column(_id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    """Who made it: its backups are accepted in this name."""
    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"))
    name: Mapped[str] = mapped_column(_name)
    description: Mapped[str | None] = mapped_column(Text)
    pattern: Mapped[str] = mapped_column(_name)
    full_every: Mapped[int] = mapped_column(default=1)
    """Every n-th backup is a full one, the others build on the one before."""
    keep_count: Mapped[int | None]
    """So many of the newest backups are kept."""
    keep_days: Mapped[int | None]
    """Backups younger than this are kept."""
    next_run: Mapped[datetime]
    """The first run that has not been served yet."""
    last_run: Mapped[datetime | None]
    last_backup_id: Mapped[str | None] = mapped_column(_id)
    last_error: Mapped[str | None] = mapped_column(Text)
    """Why the last run made no backup."""
    missed_runs: Mapped[int] = mapped_column(default=0)
    """Runs whose time passed without a backup."""
    trigger_due: Mapped[bool] = mapped_column(default=True)
    """The cron trigger in Mistral is not yet as this row says."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]


class Operation(Base):
    """One accepted mutating request; its id is also the id of the Mistral execution that carries it out."""

    __tablename__ = "operations"
    __table_args__ = (
        Index("ix_operations_project", "project_id", "created", "id"),
        Index("ix_operations_project_state", "project_id", "state", "created", "id"),
        Index("ix_operations_project_type", "project_id", "type", "created", "id"),
        Index("ix_operations_project_type_state", "project_id", "type", "state", "created", "id"),
        Index("ix_operations_request", "request_id"),
        Index("ix_operations_instance", "instance_id", "state"),
        Index("ix_operations_instance_created", "instance_id", "created", "id"),
        Index("ix_operations_backup", "backup_id", "state"),
        Index("ix_operations_state", "state", "created"),
        Index("ix_operations_ended", "ended", "type", "state", "created"),
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
    events: Mapped[list["AuditEvent"]] = relationship(order_by="AuditEvent.id", lazy="raise")


class IdempotencyKey(Base):
    """A mutating request that was sent under a key, and its answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index("ix_idempotency_keys_operation", "operation_id"),
        Index("ix_idempotency_keys_created", "created"),
    )

    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(_name, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    operation_id: Mapped[str | None] = mapped_column(ForeignKey("operations.id"))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """{"reply": what was answered}, sealed: it may hold a new password."""
    created: Mapped[datetime] = mapped_column(default=now)


class AuditEvent(Base):
    """One move of an operation."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_operation", "operation_id", "id"),
        Index("ix_audit_events_project", "project_id", "at"),
        Index("ix_audit_events_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"))
    project_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(32))
    """The operation's, after the move."""
    detail: Mapped[str | None] = mapped_column(Text)
    """Why it is being undone or has failed."""
    at: Mapped[datetime] = mapped_column(default=now)


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


class OperationTotal(Base):
    """How many operations of a type ended in a state before the watermark; removed ones still count."""

    __tablename__ = "operation_totals"

    type: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


class Watermark(Base):
    """Up to when something has been worked off."""

    __tablename__ = "watermarks"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]

"""Operations with their targets and timeline, and the totals of removed operations."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from datastores.protocol.requests import JobProgress
from functions.base.clock import now
from functions.base.ids import new_id
from functions.base.statuses import OperationState, TaskState
from functions.state.instances.spec import InstanceSpec
from functions.state.tables import ID, Base, Typed

if TYPE_CHECKING:
    from functions.state.audit.models import AuditEvent


class OperationError(BaseModel):
    """The reason why an operation is being undone or has failed."""

    step: str | None = None
    """The step whose call failed."""
    message: str
    type: str | None = None
    """The class of the error."""


class TaskError(BaseModel):
    """Why the last call of a task's step failed."""

    type: str
    message: str


class Operation(Base):
    """An accepted mutating request; its id is also that of its Mistral execution."""

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

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(32), default=OperationState.QUEUED)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instances.id"))
    """The instance that the request named, or created; the targets say what the operation holds."""
    backup_id: Mapped[str | None] = mapped_column(ForeignKey("backups.id"))
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The request without its secrets."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The operation's secrets, sealed; set to None at its end."""
    progress: Mapped[JobProgress | None] = mapped_column(Typed(JobProgress))
    """Progress of the running job."""
    error: Mapped[OperationError | None] = mapped_column(Typed(OperationError))
    """Why the operation is being undone or has failed."""
    settlements: Mapped[int] = mapped_column(default=0)
    """How often the sweep has settled the operation."""
    created: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    deadline: Mapped[datetime]

    targets: Mapped[list["OperationTarget"]] = relationship(order_by="OperationTarget.resource_id", lazy="raise")
    tasks: Mapped[list["OperationTask"]] = relationship(order_by="OperationTask.started", lazy="raise")
    events: Mapped[list["AuditEvent"]] = relationship(order_by="AuditEvent.id", lazy="raise")


class OperationTarget(Base):
    """An instance or a backup that an operation holds until it ends."""

    __tablename__ = "operation_targets"
    __table_args__ = (UniqueConstraint("resource_id", "held", name="uq_operation_targets_held"),)

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    resource_id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    """"instance" or "backup"."""
    part: Mapped[str] = mapped_column(String(32), default="member")
    """The part that an instance has in the operation."""
    held: Mapped[str | None] = mapped_column(String(32))
    """The lock class; a resource has one operation of a class at a time. None: the operation has ended."""
    fence: Mapped[int] = mapped_column(default=0)
    """The operation's number on the instance's host, which refuses smaller ones than it has seen."""
    before: Mapped[InstanceSpec | None] = mapped_column(Typed(InstanceSpec))
    """The instance's spec after undoing; None: the operation does not change the spec."""
    after: Mapped[InstanceSpec | None] = mapped_column(Typed(InstanceSpec))
    """The instance's spec after success; None: the operation does not change the spec."""


class OperationTask(Base):
    """One line of an operation's timeline: a task on a target."""

    __tablename__ = "operation_tasks"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    task: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(ID, primary_key=True, default="")
    """Id of the instance that the task works on; empty: the operation itself."""
    step: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(32), default=TaskState.RUNNING)
    attempts: Mapped[int] = mapped_column(default=1)
    error: Mapped[TaskError | None] = mapped_column(Typed(TaskError))
    leased_until: Mapped[datetime | None]
    """Until when one call of the step has the lease of the line."""
    started: Mapped[datetime] = mapped_column(default=now)
    ended: Mapped[datetime | None]


class OperationTotal(Base):
    """How many operations of a type ended in a state before the watermark, including removed ones."""

    __tablename__ = "operation_totals"

    type: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


class Watermark(Base):
    """The time up to which something has been done."""

    __tablename__ = "watermarks"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]

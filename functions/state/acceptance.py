"""Accepting a request: the resource is locked, found idle, and the operation's row is written, in one transaction."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.runtime.errors import Busy, BusyForAMoment, NotFound
from functions.runtime.seal import seal
from functions.state import audit
from functions.state.idempotency import tie
from functions.state.models import ACTIVE_STATES, Backup, Instance, Operation, OperationType
from functions.state.transitions import TRANSITIONS


@dataclass(frozen=True)
class Caller:
    """Who asks: from the validated token and the request."""

    project_id: str
    user_id: str
    request_id: str
    idempotency_key: tuple[str, str] | None = None
    """The project that sent the request and the key it was sent under."""


@dataclass(frozen=True)
class Order:
    """What the operation is to do: its request without secrets, and its secrets."""

    type: OperationType
    request: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)


def lock_instance(session: Session, project_id: str, instance_id: str) -> Instance:
    """The project's instance, locked until the transaction ends.

    Raises:
        NotFound: no such instance in the project.
        Busy: an operation is under way on it.
        BusyForAMoment: a quick one.
    """
    instance = session.get(Instance, instance_id, with_for_update=True)
    if instance is None or instance.project_id != project_id or instance.deleted_at is not None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    active = active_operation(session, Operation.instance_id == instance_id)
    if active is not None:
        busy = not_available("Instance", instance_id, instance.status)
        raise BusyForAMoment(busy.message) if TRANSITIONS[OperationType(active.type)].quick else busy
    return instance


def not_available(kind: str, resource_id: str, status: str) -> Busy:
    """Trove's words for a busy resource."""
    return Busy(f"{kind} {resource_id} is not currently available for an action to be performed (status was {status}).")


def accept(
    session: Session, caller: Caller, order: Order, instance: Instance | None = None, backup: Backup | None = None
) -> Operation:
    """Write the operation's row and move the instance to the status of the work; the caller holds the locks."""
    transition = TRANSITIONS[order.type]
    accepted = now()
    operation = Operation(
        project_id=caller.project_id,
        user_id=caller.user_id,
        request_id=caller.request_id,
        type=order.type,
        instance_id=instance.id if instance else None,
        backup_id=backup.id if backup else None,
        request=order.request,
        sealed=seal(order.secrets) if order.secrets else None,
        created=accepted,
        deadline=accepted + transition.limit,
    )
    if instance is not None:
        instance.fence += 1
        operation.fence = instance.fence
        instance.status = transition.instance_during or instance.status
    session.add(operation)
    session.flush()
    audit.record(session, operation, audit.Event.ACCEPTED)
    if caller.idempotency_key is not None:
        tie(session, caller.idempotency_key, operation.id)
    return operation


def active_operation(session: Session, condition: ColumnElement[bool]) -> Operation | None:
    """An operation that has not ended."""
    return session.scalar(select(Operation).where(condition, Operation.state.in_(ACTIVE_STATES)).limit(1))

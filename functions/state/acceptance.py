"""Accepting a request: the resource is locked, found idle, and the operation's row is written, in one transaction."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.operations import find, kind_of
from functions.runtime.clock import now
from functions.runtime.errors import Busy, BusyForAMoment, NotFound
from functions.runtime.seal import seal
from functions.state import audit
from functions.state.idempotency import tie
from functions.state.models import ACTIVE_STATES, Backup, Instance, Operation, OperationType


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


def lock_instance(
    session: Session, project_id: str, instance_id: str, wanted: OperationType, passing: Collection[str] = ()
) -> Instance:
    """The project's instance for an operation of the type `wanted`, locked until the transaction ends.

    `passing` are operations under way that do not hinder it.

    Raises:
        NotFound: no such instance in the project.
        Busy: an operation is under way on it that does not bear another of this type.
        BusyForAMoment: a quick one.
    """
    instance = session.get(Instance, instance_id, with_for_update=True)
    if instance is None or instance.project_id != project_id or instance.deleted_at is not None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    lock = find(wanted).lock
    for active in active_operations(session, instance_id):
        if active.id not in passing and not kind_of(active).lock.bears(lock):
            raise _hindered(instance, active)
    return instance


def _hindered(instance: Instance, active: Operation) -> Busy:
    """What the operation under way is, and how it can be ended."""
    refusal = BusyForAMoment if kind_of(active).quick else Busy
    how = f": delete backup {active.backup_id} to cancel it" if active.type == OperationType.BACKUP_CREATE else ""
    return refusal(
        f"{not_available('Instance', instance.id, instance.status).message}"
        f" Operation {active.id} ({active.type}) is under way{how}."
    )


def not_available(kind: str, resource_id: str, status: str) -> Busy:
    """Trove's words for a busy resource."""
    return Busy(f"{kind} {resource_id} is not currently available for an action to be performed (status was {status}).")


def accept(
    session: Session, caller: Caller, order: Order, instance: Instance | None = None, backup: Backup | None = None
) -> Operation:
    """Write the operation's row and move the instance to the status of the work; the caller holds the locks."""
    kind = find(order.type)
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
        deadline=accepted + kind.limit,
    )
    if instance is not None:
        instance.fence += 1
        operation.fence = instance.fence
        instance.status = kind.instance_during or instance.status
    session.add(operation)
    session.flush()
    audit.record(session, operation, audit.Event.ACCEPTED)
    if caller.idempotency_key is not None:
        tie(session, caller.idempotency_key, operation.id)
    return operation


def active_operations(session: Session, instance_id: str) -> list[Operation]:
    """The operations of the instance that have not ended, those that take long first."""
    query = select(Operation).where(Operation.instance_id == instance_id, Operation.state.in_(ACTIVE_STATES))
    return sorted(session.scalars(query), key=lambda operation: kind_of(operation).quick)

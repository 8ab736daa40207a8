"""What has ended is removed some time after its end, in portions of bounded size, each a transaction of its own.

A row that another call has locked is left to that call, so calls may run at once. An operation stays while its audit
events do, and while something refers to it: a key of a request, a log's publication, an instance's fault; or while its
instance or backup exists, if it needs an operator or failed to make it (reconciling looks for those).
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.runtime.settings import get_settings
from functions.state import operation_totals
from functions.state.database import transaction
from functions.state.models import (
    ACTIVE_STATES,
    AuditEvent,
    Backup,
    IdempotencyKey,
    Instance,
    LogPublication,
    Operation,
    OperationState,
    OperationStep,
    OperationType,
    Watermark,
)

PORTION = 200
"""Operations, or audit events, of one transaction."""
_MAKING = (OperationType.INSTANCE_CREATE, OperationType.INSTANCE_RESTORE)


def remove_portion() -> int:
    """Remove the oldest audit events and ended operations whose time is over; gives how many rows of these went."""
    settings = get_settings()
    events = _remove_events(settings.audit_retention_days) if settings.audit_retention_days else 0
    operations = _remove_operations(settings.operation_retention_days) if settings.operation_retention_days else 0
    return events + operations


def _remove_events(days: int) -> int:
    ended = select(Operation.id).where(Operation.id == AuditEvent.operation_id, Operation.state.not_in(ACTIVE_STATES))
    with transaction() as session:
        old = select(AuditEvent.id).where(AuditEvent.at < now() - timedelta(days=days), ended.exists())
        ids = session.scalars(old.order_by(AuditEvent.at).limit(PORTION).with_for_update(skip_locked=True)).all()
        session.execute(delete(AuditEvent).where(AuditEvent.id.in_(ids)))
    return len(ids)


def _remove_operations(days: int) -> int:
    """Look at portions, the oldest first, until one has something that may go."""
    after: tuple[datetime, str] | None = None
    while True:
        with transaction() as session:
            found = _ended(session, now() - timedelta(days=days), after)
            if not found:
                return 0
            ids = [operation.id for operation in found if operation.id not in _told_by_faults(session, found)]
            for kind, column in ((OperationStep, OperationStep.operation_id), (Operation, Operation.id)):
                session.execute(delete(kind).where(column.in_(ids)))
            if ids:
                return len(ids)
            after = found[-1].ended or now(), found[-1].id


def _ended(session: Session, before: datetime, after: tuple[datetime, str] | None) -> list[Operation]:
    """A portion of ended operations, locked, to which no row refers."""
    counted = select(Watermark.at).where(Watermark.name == operation_totals.WATERMARK)
    query = select(Operation).where(
        Operation.ended < before,
        Operation.ended < counted.scalar_subquery(),
        Operation.state.not_in(ACTIVE_STATES),
        ~exists().where(AuditEvent.operation_id == Operation.id),
        ~exists().where(IdempotencyKey.operation_id == Operation.id),
        ~exists().where(LogPublication.discarded_by == Operation.id),
        ~_unsettled(),
    )
    if after is not None:
        query = query.where(Operation.ended >= after[0], tuple_(Operation.ended, Operation.id) > tuple_(*after))
    oldest = query.order_by(Operation.ended, Operation.id).limit(PORTION)
    return list(session.scalars(oldest.with_for_update(skip_locked=True)))


def _unsettled() -> ColumnElement[bool]:
    """Operations whose resource is there and is not what they should have made of it."""
    instance = exists().where(Instance.id == Operation.instance_id, Instance.deleted_at.is_(None))
    backup = exists().where(Backup.id == Operation.backup_id, Backup.deleted_at.is_(None))
    stuck = (Operation.state == OperationState.NEEDS_OPERATOR) & or_(instance, backup)
    not_made = Operation.type.in_(_MAKING) & (Operation.state == OperationState.FAILED) & instance
    return or_(stuck, not_made)


def _told_by_faults(session: Session, operations: list[Operation]) -> set[str]:
    """The operations whose id stands in the fault of their instance."""
    instances = {operation.instance_id for operation in operations if operation.instance_id}
    faults = session.scalars(select(Instance.fault).where(Instance.id.in_(instances), Instance.deleted_at.is_(None)))
    details = [str(fault.get("details")) for fault in faults if fault]
    return {operation.id for operation in operations if any(operation.id in detail for detail in details)}

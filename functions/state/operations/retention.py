"""Removal of old operations and audit events, in portions of bounded size, each in its own transaction.

Rows that another call has locked are skipped, so calls may run at once. An operation stays while it has audit events,
and while something refers to it: an Idempotency-Key, a log's publication, an instance's fault. It also stays while its
instance or backup exists, if it needs an operator or failed to create that instance (reconciling looks for those).
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.settings import get_settings
from functions.base.statuses import ACTIVE_STATES, OperationState
from functions.framework.operation import making
from functions.state.audit.models import AuditEvent
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.idempotency.models import IdempotencyKey
from functions.state.instances.models import Instance
from functions.state.logs.models import LogPublication
from functions.state.operations import totals
from functions.state.operations.models import Operation, OperationTarget, OperationTask, Watermark


def remove_portion() -> int:
    """Remove a portion of the audit events and ended operations past their retention; return how many were removed."""
    settings = get_settings()
    events = _remove_events(settings.audit_retention_days) if settings.audit_retention_days else 0
    operations = _remove_operations(settings.operation_retention_days) if settings.operation_retention_days else 0
    return events + operations


def _remove_events(days: int) -> int:
    ended = select(Operation.id).where(Operation.id == AuditEvent.operation_id, Operation.state.not_in(ACTIVE_STATES))
    with transaction() as session:
        old = select(AuditEvent.id).where(AuditEvent.at < now() - timedelta(days=days), ended.exists())
        oldest = old.order_by(AuditEvent.at).limit(get_settings().removal_portion)
        ids = session.scalars(oldest.with_for_update(skip_locked=True)).all()
        session.execute(delete(AuditEvent).where(AuditEvent.id.in_(ids)))
    return len(ids)


def _remove_operations(days: int) -> int:
    """Remove what may be removed of the oldest portion that has something; return how many operations were."""
    after: tuple[datetime, str] | None = None
    while True:
        with transaction() as session:
            found = _ended(session, now() - timedelta(days=days), after)
            if not found:
                return 0
            ids = [operation.id for operation in found if operation.id not in _told_by_faults(session, found)]
            for part in (OperationTask, OperationTarget):
                session.execute(delete(part).where(part.operation_id.in_(ids)))
            session.execute(delete(Operation).where(Operation.id.in_(ids)))
            if ids:
                return len(ids)
            after = found[-1].ended or now(), found[-1].id


def _ended(session: Session, before: datetime, after: tuple[datetime, str] | None) -> list[Operation]:
    """Lock and return a portion of ended operations to which no row refers, the oldest first."""
    counted = select(Watermark.at).where(Watermark.name == totals.WATERMARK)
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
    oldest = query.order_by(Operation.ended, Operation.id).limit(get_settings().removal_portion)
    return list(session.scalars(oldest.with_for_update(skip_locked=True)))


def _unsettled() -> ColumnElement[bool]:
    """Return the SQL condition of operations that an operator or reconciling still needs."""
    instance = exists().where(Instance.id == Operation.instance_id, Instance.deleted_at.is_(None))
    backup = exists().where(Backup.id == Operation.backup_id, Backup.deleted_at.is_(None))
    stuck = (Operation.state == OperationState.NEEDS_OPERATOR) & or_(instance, backup)
    not_made = Operation.type.in_(making("instance")) & (Operation.state == OperationState.FAILED) & instance
    return or_(stuck, not_made)


def _told_by_faults(session: Session, operations: list[Operation]) -> set[str]:
    """Return the ids of operations that the fault of their instance names."""
    instances = {operation.instance_id for operation in operations if operation.instance_id}
    faults = session.scalars(select(Instance.fault).where(Instance.id.in_(instances), Instance.deleted_at.is_(None)))
    details = [fault.details for fault in faults if fault]
    return {operation.id for operation in operations if any(operation.id in detail for detail in details)}

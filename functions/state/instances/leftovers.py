"""Instances, backups and operations whose stacks and objects reconciling removes or misses."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.settings import get_settings
from functions.base.statuses import ACTIVE_STATES, BackupStatus, InstanceStatus, OperationState
from functions.framework.operation import Part
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation, OperationTarget


def ended_instances(instance_ids: Iterable[str]) -> list[str]:
    """Return those of the instances that must have no stack: deleted, or never created."""
    never_made = (
        select(OperationTarget.resource_id)
        .join(Operation)
        .where(OperationTarget.part == Part.NEW, Operation.state == OperationState.FAILED)
    )
    ended = Instance.deleted_at.is_not(None) | Instance.id.in_(never_made)
    with transaction() as session:
        found = session.scalars(select(Instance.id).where(Instance.id.in_(list(instance_ids)), ended)).all()
        return [instance_id for instance_id in found if _is_quiet(session, _holds(instance_id))]


def ended_backups(backup_ids: Iterable[str]) -> list[str]:
    """Return those of the backups that must have no object: deleted or failed."""
    ended = Backup.deleted_at.is_not(None) | (Backup.status == BackupStatus.FAILED)
    with transaction() as session:
        found = session.scalars(select(Backup.id).where(Backup.id.in_(list(backup_ids)), ended)).all()
        return [backup_id for backup_id in found if _is_quiet(session, Operation.backup_id == backup_id)]


def ended_operations(operation_ids: Iterable[str]) -> list[str]:
    """Return those of the operations that have ended, and must have no object any more."""
    with transaction() as session:
        found = session.scalars(select(Operation.id).where(Operation.id.in_(list(operation_ids)))).all()
        return [operation_id for operation_id in found if _is_quiet(session, Operation.id == operation_id)]


def active_instances() -> list[str]:
    """Return the ACTIVE instances, each of which must have a stack."""
    query = select(Instance.id).where(Instance.status == InstanceStatus.ACTIVE, Instance.deleted_at.is_(None))
    with transaction() as session:
        return list(session.scalars(query))


def _holds(instance_id: str) -> ColumnElement[bool]:
    """Return the SQL condition of operations that hold the instance, or did."""
    return Operation.id.in_(select(OperationTarget.operation_id).where(OperationTarget.resource_id == instance_id))


def _is_quiet(session: Session, which: ColumnElement[bool]) -> bool:
    quiet = timedelta(seconds=get_settings().reconcile_quiet_seconds)
    lately = Operation.state.in_(ACTIVE_STATES) | (Operation.ended > now() - quiet)
    return session.scalar(select(Operation.id).where(which, lately).limit(1)) is None

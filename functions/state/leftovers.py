"""What may still lie in Heat and Swift after its end: the state's side of reconciling."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.state.database import transaction
from functions.state.models import (
    ACTIVE_STATES,
    Backup,
    BackupStatus,
    Instance,
    InstanceStatus,
    Operation,
    OperationState,
    OperationType,
)

QUIET = timedelta(minutes=2)
"""A resource that an operation had this lately is left alone: a last call of it may still be under way."""


def ended_instances(instance_ids: Iterable[str]) -> list[str]:
    """Those of the instances that are to have no stack: deleted, or never made."""
    never_made = select(Operation.instance_id).where(
        Operation.type.in_((OperationType.INSTANCE_CREATE, OperationType.INSTANCE_RESTORE)),
        Operation.state == OperationState.FAILED,
    )
    ended = Instance.deleted_at.is_not(None) | Instance.id.in_(never_made)
    with transaction() as session:
        found = session.scalars(select(Instance.id).where(Instance.id.in_(list(instance_ids)), ended)).all()
        return [instance_id for instance_id in found if _is_quiet(session, Operation.instance_id == instance_id)]


def ended_backups(backup_ids: Iterable[str]) -> list[str]:
    """Those of the backups that are to have no object: deleted or failed."""
    ended = Backup.deleted_at.is_not(None) | (Backup.status == BackupStatus.FAILED)
    with transaction() as session:
        found = session.scalars(select(Backup.id).where(Backup.id.in_(list(backup_ids)), ended)).all()
        return [backup_id for backup_id in found if _is_quiet(session, Operation.backup_id == backup_id)]


def active_instances() -> list[str]:
    """The instances that are ACTIVE: each is to have a stack."""
    query = select(Instance.id).where(Instance.status == InstanceStatus.ACTIVE, Instance.deleted_at.is_(None))
    with transaction() as session:
        return list(session.scalars(query))


def _is_quiet(session: Session, which: ColumnElement[bool]) -> bool:
    lately = Operation.state.in_(ACTIVE_STATES) | (Operation.ended > now() - QUIET)
    return session.scalar(select(Operation.id).where(which, lately).limit(1)) is None

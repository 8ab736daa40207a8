"""Chains of backups: a full one and the incremental ones upon it, each of which needs all before it.

Whoever extends, restores or deletes a part of a chain first locks its full backup, so that these exclude each other.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.runtime.errors import NotFound
from functions.state.acceptance import not_available
from functions.state.database import transaction
from functions.state.models import ACTIVE_STATES, Backup, Operation, OperationType


def lock(session: Session, project_id: str, backup_id: str) -> Backup:
    """The project's backup, its chain locked until the transaction ends. Raises NotFound."""
    backup = session.get(Backup, backup_id)
    if backup is not None and backup.project_id == project_id:
        root = ancestry(session, backup)[0]
        session.get_one(Backup, root.id, with_for_update=True)
        session.refresh(backup)
    if backup is None or backup.project_id != project_id or backup.deleted_at is not None:
        raise NotFound(f"Backup {backup_id} cannot be found.")
    return backup


def ancestry(session: Session, backup: Backup) -> list[Backup]:
    """What a backup needs, the full one first, itself last."""
    found = [backup]
    while found[0].parent_id is not None:
        found.insert(0, session.get_one(Backup, found[0].parent_id))
    return found


def descendants(session: Session, backup: Backup) -> list[Backup]:
    """What needs a backup, those that build on others before these."""
    found: list[Backup] = []
    parents = [backup.id]
    while parents:
        query = select(Backup).where(Backup.parent_id.in_(parents), Backup.deleted_at.is_(None))
        children = session.scalars(query.execution_options(populate_existing=True)).all()
        found = [*children, *found]
        parents = [child.id for child in children]
    return found


def require_no_deletion(session: Session, backup: Backup) -> None:
    """Raises Busy when the backup or one that it needs is being deleted."""
    members = [member.id for member in ancestry(session, backup)]
    _require_idle(session, backup, members, [OperationType.BACKUP_DELETE])


def require_unused(session: Session, backup: Backup) -> None:
    """Raises Busy when the backup or one that needs it is being made, restored or deleted; the chain is locked."""
    require_no_deletion(session, backup)
    for member in [backup, *descendants(session, backup)]:
        _require_idle(session, member, [member.id], list(OperationType))


def of(backup_id: str) -> list[Backup]:
    """What a restore of the backup reads, in order."""
    with transaction() as session:
        return ancestry(session, session.get_one(Backup, backup_id))


def upon(backup_id: str) -> list[Backup]:
    """What goes with a backup that is deleted, in the order in which it goes."""
    with transaction() as session:
        return descendants(session, session.get_one(Backup, backup_id))


def _require_idle(session: Session, backup: Backup, ids: list[str], kinds: list[OperationType]) -> None:
    active = select(Operation.id).where(
        Operation.backup_id.in_(ids), Operation.type.in_(kinds), Operation.state.in_(ACTIVE_STATES)
    )
    if session.scalar(active.limit(1)) is not None:
        raise not_available("Backup", backup.id, backup.status)

"""Chains of backups: a full backup and the incremental ones upon it, each of which needs all before it.

A transaction that extends, restores or deletes a part of a chain first locks the full backup, so that only one does.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.base.errors import Busy, NotFound
from functions.base.statuses import ACTIVE_STATES
from functions.framework.operation import deleting, names
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.operations.models import Operation


def lock(session: Session, project_id: str, backup_id: str) -> Backup:
    """Lock the backup's chain until the transaction ends and return the project's backup. Raises NotFound."""
    backup = session.get(Backup, backup_id)
    if backup is not None and backup.project_id == project_id:
        root = ancestry(session, backup)[0]
        session.get_one(Backup, root.id, with_for_update=True)
        session.refresh(backup)
    if backup is None or backup.project_id != project_id or backup.deleted_at is not None:
        raise NotFound(f"Backup {backup_id} cannot be found.")
    return backup


def ancestry(session: Session, backup: Backup) -> list[Backup]:
    """Return the backups that a backup needs: the full one first, the backup itself last."""
    found = [backup]
    while found[0].parent_id is not None:
        found.insert(0, session.get_one(Backup, found[0].parent_id))
    return found


def descendants(session: Session, backup: Backup) -> list[Backup]:
    """Return the backups that need a backup; each one before those that it needs."""
    found: list[Backup] = []
    parents = [backup.id]
    while parents:
        query = select(Backup).where(Backup.parent_id.in_(parents), Backup.deleted_at.is_(None))
        children = session.scalars(query.execution_options(populate_existing=True)).all()
        found = [*children, *found]
        parents = [child.id for child in children]
    return found


def require_no_deletion(session: Session, backup: Backup) -> None:
    """Raise Busy if the backup, or one that it needs, is being deleted."""
    members = [member.id for member in ancestry(session, backup)]
    _require_idle(session, backup, members, deleting("backup"))


def require_unused(session: Session, backup: Backup) -> None:
    """Raise Busy if the backup, or one that needs it, is being made, restored or deleted. Needs the chain's lock."""
    require_no_deletion(session, backup)
    for member in [backup, *descendants(session, backup)]:
        _require_idle(session, member, [member.id], names())


def of(backup_id: str) -> list[Backup]:
    """Return the backups that a restore of the backup reads, the full one first."""
    with transaction() as session:
        return ancestry(session, session.get_one(Backup, backup_id))


def upon(backup_id: str) -> list[Backup]:
    """Return the backups that are deleted with a backup, in the order of their deletion."""
    with transaction() as session:
        return descendants(session, session.get_one(Backup, backup_id))


def _require_idle(session: Session, backup: Backup, ids: list[str], kinds: Collection[str]) -> None:
    active = select(Operation.id).where(
        Operation.backup_id.in_(ids), Operation.type.in_(kinds), Operation.state.in_(ACTIVE_STATES)
    )
    if session.scalar(active.limit(1)) is not None:
        raise Busy(
            f"Backup {backup.id} is not currently available for an action to be performed (status was {backup.status})."
        )

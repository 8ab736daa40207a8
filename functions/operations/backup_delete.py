"""Delete a backup: every object of it goes.

Nothing is undone: deleting again goes on.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from functions.base.statuses import BackupStatus
from functions.framework.operation import OperationKind
from functions.operations.parts import plans
from functions.state.backups import chains
from functions.state.database import transaction
from functions.state.idempotency.idempotency import tie
from functions.state.operations import moves
from functions.state.operations.acceptance import Caller, Order, accept
from functions.state.operations.models import Operation

OPERATION = OperationKind(
    module=__name__,
    plan=plans.BACKUP_REMOVED,
    limit=timedelta(hours=1),
    backup_failed=BackupStatus.DELETE_FAILED,
    deletes="backup",
)


def accept_delete(backup_id: str, caller: Caller) -> Operation:
    """Accept the deletion of a backup and all that build on it.

    If the backup is being made, cancel and return the operation that makes it, whose undoing deletes it.

    Raises:
        NotFound.
        Busy: one of the backups is in use.
    """
    with transaction() as session:
        if (cancelled := _cancel_making(session, backup_id, caller)) is not None:
            return cancelled
        backup = chains.lock(session, caller.project_id, backup_id)
        chains.require_unused(session, backup)
        return accept(session, caller, Order(OPERATION), backup=backup)


def _cancel_making(session: Session, backup_id: str, caller: Caller) -> Operation | None:
    """Cancel and return the operation that makes the backup, if there is one. Locks it before the backup."""
    making = moves.making_backups(session, caller.project_id, Operation.backup_id == backup_id)
    reason = "cancelled: its backup was deleted meanwhile"
    operation = moves.cancel(session, making[0], reason) if making else None
    if operation is not None and caller.idempotency_key is not None:
        tie(session, caller.idempotency_key, operation.id)
    return operation

"""Delete a backup: every object of it goes.

Nothing is undone: deleting again goes on.
"""

from datetime import timedelta

from functions.operations import backup
from functions.operations.kind import OperationKind
from functions.state.models import BackupStatus

OPERATION = OperationKind(
    plan=backup.REMOVED,
    limit=timedelta(hours=1),
    backup_failed=BackupStatus.DELETE_FAILED,
)

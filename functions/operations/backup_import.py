"""A backup that was made elsewhere: its objects are copied from a place in its owner's Swift account, and verified as
those of a backup made here are. Undone: every copy is deleted.
"""

from datetime import timedelta

from functions.operations import backup
from functions.operations.kind import OperationKind, Task
from functions.state.models import BackupStatus

OPERATION = OperationKind(
    plan=(
        Task("copy_objects", "origin.copy", seconds=72000, undo=backup.REMOVED),
        Task("commit_backup", "backup.commit"),
    ),
    limit=timedelta(hours=24),
    backup_after=BackupStatus.RESTORED,
    backup_failed=BackupStatus.FAILED,
)

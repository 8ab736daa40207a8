"""A full backup: one job on the host streams it to Swift in segments; the large object is written once all were
verified. Undone: the job is ended, every object deleted.
"""

from datetime import timedelta

from datastores.protocol.turns import Lock
from functions.operations import backup, job
from functions.operations.kind import OperationKind, Task
from functions.state.models import BackupStatus, InstanceStatus

OPERATION = OperationKind(
    plan=(
        Task("prepare_backup", "backup.prepare", undo=backup.REMOVED),
        *job.done("backup", 86400),
        Task("commit_backup", "backup.commit"),
    ),
    limit=timedelta(hours=24),
    lock=Lock.COPYING,
    instance_during=InstanceStatus.BACKUP,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ACTIVE,
    backup_after=BackupStatus.COMPLETED,
    backup_failed=BackupStatus.FAILED,
)

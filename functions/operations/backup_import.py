"""A backup that was made elsewhere: its objects are copied from a place in its owner's Swift account, and verified as
those of a backup made here are. Undone: every copy is deleted.
"""

from dataclasses import dataclass
from datetime import timedelta

from functions.base.ids import new_id
from functions.base.statuses import BackupStatus
from functions.framework.operation import On, OperationKind, Task
from functions.operations.parts import plans
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.operations.acceptance import Caller, Order, accept
from functions.state.operations.models import Operation
from functions.state.quotas import quotas


@dataclass(frozen=True)
class Request:
    """The request for an import: where the backup is in Swift."""

    container: str
    prefix: str
    own_account: bool
    """Whether the backup is in the project's own account, and not in the service account."""


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=(
        Task("copy_objects", "origin.copy", seconds=72000, undo=plans.BACKUP_REMOVED, on=On.NONE),
        Task("commit_backup", "backup.commit", on=On.NONE),
    ),
    limit=timedelta(hours=24),
    backup_during=BackupStatus.BUILDING,
    backup_after=BackupStatus.RESTORED,
    backup_failed=BackupStatus.FAILED,
    makes="backup",
)


@dataclass(frozen=True)
class ImportedBackup:
    """A validated request to import a backup: its name, version and size, and where it is."""

    name: str
    description: str | None
    datastore_version_id: str
    volume_size: int
    place: Request


def accept_import(asked: ImportedBackup, caller: Caller) -> tuple[Backup, Operation]:
    """Accept the import of a backup. Raises QuotaExceeded."""
    with transaction() as session:
        quotas.reserve(session, caller.project_id, quotas.Usage(backups=1))
        backup = Backup(
            id=new_id(),
            project_id=caller.project_id,
            name=asked.name,
            description=asked.description,
            datastore_version_id=asked.datastore_version_id,
            volume_size=asked.volume_size,
            status=BackupStatus.NEW,
        )
        session.add(backup)
        session.flush()
        return backup, accept(session, caller, Order(OPERATION, asked.place), backup=backup)

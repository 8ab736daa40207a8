"""The objects of backups as steps found them in Swift."""

from dataclasses import dataclass

from functions.base.clock import now
from functions.state.backups.models import Backup
from functions.state.database import transaction


@dataclass(frozen=True)
class BackupFiles:
    """A backup in Swift: URL and etag of its large object, bytes stored, the backup that it builds on."""

    location: str
    checksum: str
    size_bytes: int
    parent_id: str | None


def record(backup_id: str, files: BackupFiles) -> None:
    """Store the location, size and parent of a backup; the host may have made a full one in place of an incremental."""
    with transaction() as session:
        backup = session.get_one(Backup, backup_id, with_for_update=True)
        backup.location, backup.checksum = files.location, files.checksum
        backup.size_bytes, backup.parent_id = files.size_bytes, files.parent_id


def record_gone(backup_id: str) -> None:
    """Mark a backup as deleted after its objects were, together with those of the backup that it builds on."""
    with transaction() as session:
        backup = session.get_one(Backup, backup_id, with_for_update=True)
        backup.deleted_at = backup.deleted_at or now()

"""JSON objects of backups."""

from functions.entrypoint.version_catalog import CatalogEntry
from functions.entrypoint.views.common import time_text
from functions.state.backups.models import Backup

GIB = 2**30


def backup_view(backup: Backup, entry: CatalogEntry, minor: int = 0) -> dict[str, object]:
    """Return a backup in microversion 1.`minor`; `size` is the size of its objects in GB."""
    view: dict[str, object] = {
        "id": backup.id,
        "name": backup.name,
        "description": backup.description,
        "locationRef": backup.location,
        "instance_id": backup.instance_id,
        "created": time_text(backup.created),
        "updated": time_text(backup.updated),
        "size": None if backup.size_bytes is None else round(backup.size_bytes / GIB, 3),
        "status": backup.status,
        "parent_id": backup.parent_id,
        "project_id": backup.project_id,
        "datastore": {
            "type": entry.datastore.name,
            "version": entry.version.name,
            "version_id": entry.version.id,
        },
    }
    if minor >= 1:
        view["schedule_id"] = backup.schedule_id
    return view

"""The objects of backups in Swift: one container a project, one prefix a backup, in the service account. A backup that
was made for new replicas alone has no row: it belongs to their operation, whose id is its prefix.

The host sends the segments, `state` (which an incremental backup upon this one needs), then `segments.json`. The large
object `data` is written last, once every segment was verified: a backup is COMPLETED when it is there.
"""

from dataclasses import asdict
from datetime import datetime, timedelta

from datastores.protocol.storage import Prefix
from functions.base.settings import get_settings
from functions.cloud import swift
from functions.state.backups.models import Backup
from functions.state.operations.models import Operation

CONTAINER = "trove_backups_"
"""Prefix of the names of all containers of backups."""
DATA = "data"
"""Name of the large object, below the backup's prefix."""
README = "restore.json"
"""Name of the object that says how to restore, below the backup's prefix."""


def container(owner: Backup | Operation) -> str:
    """Return the container of the project whose backup it is."""
    return f"{CONTAINER}{owner.project_id}"


def prefix(owner: Backup | Operation) -> str:
    """Return the prefix of the names of the backup's objects."""
    return f"{owner.id}/"


def url(method: str, owner: Backup | Operation, deadline: datetime) -> Prefix:
    """Return a TempURL of the backup's prefix for an operation that ends by `deadline`."""
    expires = deadline + timedelta(seconds=get_settings().backup_url_slack_seconds)
    signed = swift.prefix_tempurl(method, container(owner), prefix(owner), expires)
    return Prefix(**asdict(signed))

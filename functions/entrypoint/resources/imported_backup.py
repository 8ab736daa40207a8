"""Checks the import of a backup from Swift (`restore_from`) by the rules that the schema lacks.

rule                                                                                          otherwise
neither instance, parent_id nor incremental is given                                          400
the datastore version exists / has backups                                                    400 / 501
the location is in the project's Swift account (or the service's container of the project)    400
the location has a backup / a full one in this service's format                               404 / 400
the backup is of the datastore version's release                                              400
"""

import math

from pydantic import BaseModel

from functions.base.errors import BadRequest
from functions.entrypoint import read
from functions.entrypoint.models import NewBackupItem
from functions.entrypoint.version_catalog import CatalogEntry, entry_by_id, require_capability
from functions.operations.backup_import import ImportedBackup, Request

GIB = 2**30


class Found(BaseModel):
    """The result of the step `origin.inspect`: the backup at a location in Swift."""

    own_account: bool
    container: str
    prefix: str
    bytes_raw: int
    engine_version: str


def imported_backup(asked: NewBackupItem, project_id: str) -> ImportedBackup:
    """Check the request by this module's rules; return the backup to import.

    Raises:
        BadRequest, NotFound, NotSupported: a rule is broken.
        HostSilent: Swift, or the function that reads it, does not answer.
    """
    source = asked.restore_from
    if source is None or asked.instance or asked.parent_id or asked.incremental:
        raise BadRequest("Validation error: backup 'restore_from' excludes 'instance', 'parent_id' and 'incremental'")
    entry = entry_by_id(source.local_datastore_version_id)
    require_capability(entry, "backup")
    found = read.read_project(project_id, "origin.inspect", Found, location=source.remote_location)
    _check_release(found, entry)
    return ImportedBackup(
        name=asked.name,
        description=asked.description,
        datastore_version_id=entry.version.id,
        volume_size=max(1, math.ceil(source.size or 0), math.ceil(found.bytes_raw / GIB)),
        place=Request(found.container, found.prefix, found.own_account),
    )


def _check_release(found: Found, entry: CatalogEntry) -> None:
    if not f"{found.engine_version}.".startswith(f"{entry.version.number}."):
        raise BadRequest(
            f"The backup is of {found.engine_version} and cannot be one of {entry.datastore.name} {entry.version.name}."
        )

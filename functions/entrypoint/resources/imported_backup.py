"""A backup from elsewhere (`restore_from`): the rules that the schema cannot tell.

rule                                                                                          otherwise
neither an instance nor a parent is named, nor is it to be incremental                        400
the datastore version exists / has backups                                                    400 / 501
the location is in the project's Swift account (or the service's container of the project)    400
a backup is there / a full one in this service's form                                         404 / 400
the backup is of the datastore version's release                                              400
"""

import math

from pydantic import BaseModel

from functions.entrypoint import read
from functions.entrypoint.catalog import Offer, offer_by_id, require_capability
from functions.entrypoint.models import NewBackupItem
from functions.runtime.errors import BadRequest
from functions.state.backups import ImportedBackup

GIB = 2**30


class Found(BaseModel):
    """What the function that reads Swift says of a location."""

    own_account: bool
    container: str
    prefix: str
    bytes_raw: int
    engine_version: str


def imported_backup(asked: NewBackupItem, project_id: str) -> ImportedBackup:
    """The request, checked by every rule above.

    Raises:
        BadRequest, NotFound, NotSupported: a rule is broken.
        HostSilent: Swift, or the function that asks it, does not answer.
    """
    source = asked.restore_from
    if source is None or asked.instance or asked.parent_id or asked.incremental:
        raise BadRequest("Validation error: backup 'restore_from' excludes 'instance', 'parent_id' and 'incremental'")
    offer = offer_by_id(source.local_datastore_version_id)
    require_capability(offer, "backup")
    found = read.read_project(project_id, "origin.inspect", Found, location=source.remote_location)
    _check_release(found, offer)
    return ImportedBackup(
        name=asked.name,
        description=asked.description,
        datastore_version_id=offer.version.id,
        volume_size=max(1, math.ceil(source.size or 0), math.ceil(found.bytes_raw / GIB)),
        container=found.container,
        prefix=found.prefix,
        own_account=found.own_account,
    )


def _check_release(found: Found, offer: Offer) -> None:
    if not f"{found.engine_version}.".startswith(f"{offer.version.number}."):
        raise BadRequest(
            f"The backup is of {found.engine_version} and cannot be one of {offer.datastore.name} {offer.version.name}."
        )

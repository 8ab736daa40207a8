"""Backups."""

from typing import Any

from functions.entrypoint import policy, read
from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import find_datastore, offer_of, require_capability
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import BackupAction, BackupCreate, BackupsListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.imported_backup import imported_backup
from functions.entrypoint.views.backups import backup_view
from functions.launch import launch
from functions.runtime.errors import BadRequest, NotSupported
from functions.state import backups, instances
from functions.state.backups import BackupFilter, NewBackup
from functions.state.instances import require_restorable
from functions.state.models import Backup

DOWNLOAD_SECONDS = 3600
CONTAINER_BYTES = 256
"""Length of a container's name in Swift, in UTF-8."""
TRUE_TEXTS = ("true", "True", "1")


def list_backups(call: Call[None, BackupsListParametersQuery]) -> Reply:
    """A page of backups, newest first.

    Raises:
        NotFound: no datastore of the name or id asked for.
        Forbidden: other projects', and the caller is no administrator.
    """
    query = call.query
    every_project = query.all_projects in TRUE_TEXTS and query.project_id is None
    project_id = None if every_project else query.project_id or call.identity.project_id
    if project_id != call.identity.project_id:
        policy.enforce("backup:index:all_projects", call.identity)
    which = BackupFilter(_normal(query.instance_id), _normal(query.schedule_id), _version_ids(query.datastore))
    return backup_page(call, project_id, which)


def backup_page(call: Call[None, Any], project_id: str | None, which: BackupFilter) -> Reply:
    """A page of a project's backups, or of every project's; the marker of this list is an offset, as in Trove."""
    size, offset = page_size(call.query.limit), call.query.marker or 0
    rows = backups.page(project_id, size + 1, offset, which)
    page = cut(rows, size, lambda _: str(offset + size))
    shown = [_view(call, backup) for backup in page.items]
    return {"backups": shown} | links(call.place, "backups", page.next_marker)


def show_backup(call: AnyCall) -> Reply:
    """A backup by its id. Raises NotFound."""
    backup = backups.get(call.identity.project_id, _id(call))
    return {"backup": _view(call, backup)}


def create_backup(call: Call[BackupCreate, None]) -> Reply:
    """Accept a backup of an instance that is ACTIVE and idle, or one from elsewhere.

    Raises:
        BadRequest, NotFound, NotSupported: see `_new_backup` and `imported_backup`.
        Conflict, Busy, QuotaExceeded.
    """
    check_container(call.body.backup.swift_container)
    if call.body.backup.restore_from is None:
        backup, operation = backups.accept_create(_new_backup(call), call.caller)
    else:
        imported = imported_backup(call.body.backup, call.identity.project_id)
        backup, operation = backups.accept_import(imported, call.caller)
    launch(operation)
    return {"backup": _view(call, backup)}


def delete_backup(call: AnyCall) -> Reply:
    """Accept the deletion of a backup and of those that build on it. Raises NotFound, Busy."""
    launch(backups.accept_delete(call.identity.project_id, _id(call), call.caller))
    return None


def act_on_backup(call: Call[BackupAction, None]) -> Reply:
    """Give URLs to download a backup that is whole.

    Raises:
        NotFound, Conflict.
        HostSilent: the function that signs URLs does not answer.
    """
    backup = backups.get(call.identity.project_id, _id(call))
    require_restorable(backup)
    seconds = call.body.download.seconds or DOWNLOAD_SECONDS
    envelope = read.ask(backup.id, "backup.share", {"seconds": seconds})
    if envelope.result is None:
        raise read.HostSilent(f"No URL for backup {backup.id} can be had now: try again.")
    del envelope.result["done"]
    return {"download": envelope.result}


def _new_backup(call: Call[BackupCreate, None]) -> NewBackup:
    """The rules that the schema cannot tell: an instance is needed, and a datastore that can do what is asked."""
    asked = call.body.backup
    if asked.storage_driver == "cinder":
        raise NotSupported("Backups are kept in Swift: leave out storage_driver.")
    if asked.instance is None:
        raise BadRequest("Validation error: backup 'instance' is a required property")
    instance = instances.get(call.identity.project_id, require_id("Instance", asked.instance))
    offer, incremental = offer_of(instance.datastore_version_id), bool(asked.incremental or asked.parent_id)
    require_capability(offer, "incremental_backup" if incremental else "backup")
    return NewBackup(
        name=asked.name,
        instance_id=instance.id,
        description=asked.description,
        parent_id=asked.parent_id and require_id("Backup", asked.parent_id),
        incremental=incremental,
    )


def check_container(name: str | None) -> None:
    """Where a backup goes is not for the client to say, but what it says must be a name. Raises BadRequest."""
    if name is not None and (not name or "/" in name or len(name.encode()) > CONTAINER_BYTES):
        raise BadRequest("Validation error: 'swift_container' is not a container's name: 1 to 256 bytes without slash")


def _view(call: AnyCall, backup: Backup) -> dict[str, object]:
    return backup_view(backup, offer_of(backup.datastore_version_id), call.minor)


def _normal(identifier: str | None) -> str | None:
    return None if identifier is None else require_id("Id", identifier)


def _version_ids(datastore: str | None) -> frozenset[str] | None:
    if datastore is None:
        return None
    return frozenset(version.id for version in find_datastore(datastore).versions)


def _id(call: AnyCall) -> str:
    return require_id("Backup", call.match.parameters["backup_id"])


HANDLERS: Handlers = {
    "list": list_backups,
    "show": show_backup,
    "create": create_backup,
    "delete": delete_backup,
    "action": act_on_backup,
}

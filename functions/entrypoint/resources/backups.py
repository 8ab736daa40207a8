"""Backups."""

from typing import Any

from functions.base.errors import BadRequest, NotSupported
from functions.entrypoint import policy, read
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.ids import optional_id, require_id
from functions.entrypoint.models import BackupAction, BackupCreate, BackupsListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.imported_backup import imported_backup
from functions.entrypoint.version_catalog import entry_of, find_datastore, require_capability
from functions.entrypoint.views.backups import backup_view
from functions.entrypoint.views.instances import GROUPS_SINCE
from functions.operations import backup_create, backup_delete, backup_import
from functions.operations.backup_create import NewBackup
from functions.operations.parts.launch import launch
from functions.state.backups import backups
from functions.state.backups.backups import BackupFilter, require_restorable
from functions.state.backups.models import Backup
from functions.state.groups import choice
from functions.state.groups.choice import Choice
from functions.state.instances import instances

DOWNLOAD_SECONDS = 3600
"""Seconds for which URLs to download a backup are valid, unless the request names others."""
CONTAINER_BYTES = 256
"""Longest name of a container in Swift, in bytes of UTF-8."""
TRUE_TEXTS = ("true", "True", "1")
"""Values of a query parameter that mean true."""


def list_backups(request: ApiRequest[None, BackupsListParametersQuery]) -> ResponseBody:
    """List a page of backups, newest first.

    Raises:
        NotFound: the query names an unknown datastore.
        Forbidden: the query asks for other projects and the caller is no administrator.
    """
    query = request.query
    every_project = query.all_projects in TRUE_TEXTS and query.project_id is None
    project_id = None if every_project else query.project_id or request.identity.project_id
    if project_id != request.identity.project_id:
        policy.enforce("backup:index:all_projects", request.identity)
    instance_id, schedule_id = optional_id("Id", query.instance_id), optional_id("Id", query.schedule_id)
    return backup_page(request, project_id, BackupFilter(instance_id, schedule_id, _version_ids(query.datastore)))


def backup_page(request: ApiRequest[None, Any], project_id: str | None, which: BackupFilter) -> ResponseBody:
    """Return a page of a project's backups; None: of all projects. The marker is an offset, as in Trove."""
    size, offset = page_size(request.query.limit), request.query.marker or 0
    rows = backups.page(project_id, size + 1, offset, which)
    page = cut(rows, size, lambda _: str(offset + size))
    shown = [_view(request, backup) for backup in page.items]
    return {"backups": shown} | links(request.url, "backups", page.next_marker)


def show_backup(request: AnyRequest) -> ResponseBody:
    """Show a backup. Raises NotFound."""
    backup = backups.get(request.identity.project_id, _id(request))
    return {"backup": _view(request, backup)}


def create_backup(request: ApiRequest[BackupCreate, None]) -> ResponseBody:
    """Accept a backup of an instance, or the import of one from Swift (`restore_from`).

    Raises:
        BadRequest, NotFound, NotSupported: a rule of `_new_backup` or `imported_backup` is broken.
        Conflict, Busy, QuotaExceeded.
    """
    check_container(request.body.backup.swift_container)
    if request.body.backup.restore_from is None:
        backup, operation = backup_create.accept_create(_new_backup(request), request.caller)
    else:
        imported = imported_backup(request.body.backup, request.identity.project_id)
        backup, operation = backup_import.accept_import(imported, request.caller)
    launch(operation)
    return {"backup": _view(request, backup)}


def delete_backup(request: AnyRequest) -> ResponseBody:
    """Accept the deletion of a backup and of the incremental ones that need it. Raises NotFound, Busy."""
    launch(backup_delete.accept_delete(_id(request), request.caller))
    return None


def act_on_backup(request: ApiRequest[BackupAction, None]) -> ResponseBody:
    """Return URLs to download a backup with.

    Raises:
        NotFound: no such backup.
        Conflict: it is not COMPLETED.
        HostSilent: the function that signs URLs does not answer.
    """
    backup = backups.get(request.identity.project_id, _id(request))
    require_restorable(backup)
    seconds = request.body.download.seconds or DOWNLOAD_SECONDS
    envelope = read.call_read_step(backup.id, "backup.share", {"seconds": seconds})
    if envelope.result is None:
        raise read.HostSilent(f"No URL for backup {backup.id} can be had now: try again.")
    del envelope.result["done"]
    return {"download": envelope.result}


def _new_backup(request: ApiRequest[BackupCreate, None]) -> NewBackup:
    """Check the rules that the schema lacks: an instance is named, and its datastore makes such backups.

    From microversion 1.2 on `from` may choose another member of its group.
    """
    asked = request.body.backup
    if asked.storage_driver == "cinder":
        raise NotSupported("Backups are kept in Swift: leave out storage_driver.")
    if asked.instance is None:
        raise BadRequest("Validation error: backup 'instance' is a required property")
    instance = instances.get(request.identity.project_id, require_id("Instance", asked.instance))
    if asked.from_ is not None and request.minor >= GROUPS_SINCE:
        instance = choice.member(instance, Choice(asked.from_))
    entry, incremental = entry_of(instance.datastore_version_id), bool(asked.incremental or asked.parent_id)
    require_capability(entry, "incremental_backup" if incremental else "backup")
    return NewBackup(
        name=asked.name,
        instance_id=instance.id,
        description=asked.description,
        parent_id=asked.parent_id and require_id("Backup", asked.parent_id),
        incremental=incremental,
    )


def check_container(name: str | None) -> None:
    """Raise BadRequest if the name is not one of a Swift container. The service stores backups in its own container."""
    if name is not None and (not name or "/" in name or len(name.encode()) > CONTAINER_BYTES):
        raise BadRequest("Validation error: 'swift_container' is not a container's name: 1 to 256 bytes without slash")


def _view(request: AnyRequest, backup: Backup) -> dict[str, object]:
    return backup_view(backup, entry_of(backup.datastore_version_id), request.minor)


def _version_ids(datastore: str | None) -> frozenset[str] | None:
    if datastore is None:
        return None
    return frozenset(version.id for version in find_datastore(datastore).versions)


def _id(request: AnyRequest) -> str:
    return require_id("Backup", request.match.parameters["backup_id"])


HANDLERS: Handlers = {
    "list": list_backups,
    "show": show_backup,
    "create": create_backup,
    "delete": delete_backup,
    "action": act_on_backup,
}

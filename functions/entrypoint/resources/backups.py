"""Backups."""

from typing import Any

from functions.entrypoint import policy
from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import find_datastore, offer_of
from functions.entrypoint.ids import require_id
from functions.entrypoint.launch import launch
from functions.entrypoint.models import BackupCreate, BackupsListParametersQuery, NewBackupItem
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.views.backups import backup_view
from functions.runtime.errors import BadRequest, NotSupported
from functions.state import backups
from functions.state.backups import BackupFilter, NewBackup

TRUE_TEXTS = ("true", "True", "1")


def list_backups(call: Call[None, BackupsListParametersQuery]) -> Reply:
    """A page of backups, newest first.

    Raises:
        NotFound: no datastore of the name or id asked for.
        Forbidden: another project's, and the caller is no administrator.
        NotSupported: those of all projects at once.
    """
    query = call.query
    project_id = query.project_id or call.identity.project_id
    every_project = query.all_projects in TRUE_TEXTS
    if every_project or project_id != call.identity.project_id:
        policy.enforce("backup:index:all_projects", call.identity)
    if every_project and query.project_id is None:
        raise NotSupported("Backups of all projects are not listed at once: name one with project_id.")
    return backup_page(call, project_id, BackupFilter(_instance_id(query), _version_ids(query.datastore)))


def backup_page(call: Call[None, Any], project_id: str, which: BackupFilter) -> Reply:
    """A page of a project's backups; the marker of this list is an offset, as in Trove."""
    size, offset = page_size(call.query.limit), call.query.marker or 0
    rows = backups.page(project_id, size + 1, offset, which)
    page = cut(rows, size, lambda _: str(offset + size))
    shown = [backup_view(backup, offer_of(backup.datastore_version_id)) for backup in page.items]
    return {"backups": shown} | links(call.place, "backups", page.next_marker)


def show_backup(call: AnyCall) -> Reply:
    """A backup by its id. Raises NotFound."""
    backup = backups.get(call.identity.project_id, _id(call))
    return {"backup": backup_view(backup, offer_of(backup.datastore_version_id))}


def create_backup(call: Call[BackupCreate, None]) -> Reply:
    """Accept a full backup of an instance that is ACTIVE and idle.

    Raises:
        BadRequest, NotSupported: see `_new_backup`.
        NotFound, Busy, QuotaExceeded.
    """
    backup, operation = backups.accept_create(_new_backup(call.body.backup), call.caller)
    launch(operation)
    return {"backup": backup_view(backup, offer_of(backup.datastore_version_id))}


def delete_backup(call: AnyCall) -> Reply:
    """Accept the deletion of a backup. Raises NotFound, Busy."""
    launch(backups.accept_delete(call.identity.project_id, _id(call), call.caller))
    return None


def _new_backup(asked: NewBackupItem) -> NewBackup:
    """The rules that the schema cannot tell: an instance is needed, and only full backups are made."""
    if asked.restore_from is not None:
        raise NotSupported("Registering a backup from another location (restore_from) is not supported yet.")
    if asked.incremental or asked.parent_id:
        raise NotSupported("Incremental backups are not supported yet: leave out incremental and parent_id.")
    if asked.storage_driver == "cinder":
        raise NotSupported("Backups are kept in Swift: leave out storage_driver.")
    if asked.swift_container:
        raise NotSupported("Backups are kept in the service's own containers: leave out swift_container.")
    if asked.instance is None:
        raise BadRequest("Validation error: backup 'instance' is a required property")
    return NewBackup(asked.name, require_id("Instance", asked.instance), asked.description)


def _instance_id(query: BackupsListParametersQuery) -> str | None:
    return None if query.instance_id is None else require_id("Instance", query.instance_id)


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
}

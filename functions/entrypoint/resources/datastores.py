"""Datastores and their versions."""

from datastores.catalog import Datastore
from functions.entrypoint.api_request import AnyRequest, Handlers, ResponseBody
from functions.entrypoint.version_catalog import (
    CatalogEntry,
    VersionCatalog,
    datastores,
    entry_by_id,
    find_active_entry,
    find_datastore,
    find_entry,
    version_catalog,
)
from functions.entrypoint.views.datastores import DatastoreListing, datastore_view, version_view
from functions.entrypoint.views.flavors import flavor_view
from functions.topology import flavors


def list_datastores(request: AnyRequest) -> ResponseBody:
    """List the datastores with a version that the caller may see."""
    versions = version_catalog()
    visible = [found for found in datastores() if _visible(request, found, versions)]
    return {"datastores": [_view(request, found, versions) for found in visible]}


def show_datastore(request: AnyRequest) -> ResponseBody:
    """Show a datastore by id or name. Raises NotFound."""
    return {"datastore": _view(request, find_datastore(request.match.parameters["datastore"]), version_catalog())}


def list_versions(request: AnyRequest) -> ResponseBody:
    """List the versions of a datastore. Raises NotFound."""
    found = find_datastore(request.match.parameters["datastore"])
    return {"versions": [_version(request, entry) for entry in _visible(request, found, version_catalog())]}


def show_version(request: AnyRequest) -> ResponseBody:
    """Show a version of a datastore by id or name. Raises NotFound, BadRequest."""
    return {"version": _version(request, _entry(request))}


def show_version_by_id(request: AnyRequest) -> ResponseBody:
    """Show a version by its id alone. Raises BadRequest."""
    version_id = request.match.parameters["version_id"]
    return {"version": _version(request, entry_by_id(version_id, include_inactive=request.identity.is_admin))}


def list_flavors(request: AnyRequest) -> ResponseBody:
    """List the flavors for a version, which are all flavors. Raises NotFound, BadRequest."""
    _entry(request)
    return {"flavors": [flavor_view(flavor, request.project_url) for flavor in flavors.flavors()]}


def _entry(request: AnyRequest) -> CatalogEntry:
    """Return the version in the path; an inactive one to administrators only. Raises NotFound, BadRequest."""
    parameters = request.match.parameters
    found = find_datastore(parameters["datastore"])
    if request.identity.is_admin:
        return find_entry(parameters["version"], version_catalog().all_entries(found))
    return find_active_entry(parameters["version"], found)


def _visible(request: AnyRequest, datastore: Datastore, versions: VersionCatalog) -> list[CatalogEntry]:
    return versions.all_entries(datastore) if request.identity.is_admin else versions.active_entries(datastore)


def _view(request: AnyRequest, datastore: Datastore, versions: VersionCatalog) -> dict[str, object]:
    listing = DatastoreListing(datastore, _visible(request, datastore, versions), versions.default_id(datastore))
    return datastore_view(listing, request.project_url, is_admin=request.identity.is_admin, minor=request.minor)


def _version(request: AnyRequest, entry: CatalogEntry) -> dict[str, object]:
    return version_view(entry, request.project_url, is_admin=request.identity.is_admin, minor=request.minor)


HANDLERS: Handlers = {
    "list": list_datastores,
    "show": show_datastore,
    "list_versions": list_versions,
    "show_version": show_version,
    "show_version_by_id": show_version_by_id,
    "list_flavors": list_flavors,
}

"""Administrators' choices among the datastore versions: activate, deactivate, make default, delete, create again.

The versions themselves come from each datastore's datastore.yaml. Deleting one hides it and keeps its files.
"""

from dataclasses import replace

from functions.base.errors import BadRequest, NotFound, NotSupported
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import MgmtVersionCreate, MgmtVersionUpdate
from functions.entrypoint.version_catalog import (
    CatalogEntry,
    VersionCatalog,
    datastores,
    find_datastore,
    version_catalog,
)
from functions.state.version_choices import version_choices
from functions.state.version_choices.version_choices import Choice


def list_versions(_request: AnyRequest) -> ResponseBody:
    """List all versions that are not deleted."""
    versions = version_catalog()
    return {"versions": [_view(entry, versions) for found in datastores() for entry in versions.all_entries(found)]}


def show_version(request: AnyRequest) -> ResponseBody:
    """Show a version. Raises NotFound."""
    versions = version_catalog()
    return {"version": _view(_find(request, versions), versions)}


def create_version(request: ApiRequest[MgmtVersionCreate, None]) -> ResponseBody:
    """Create a deleted version again.

    Raises:
        NotFound: no such datastore.
        BadRequest: the version exists.
        NotSupported: datastore.yaml does not describe it.
    """
    asked, versions = request.body.version, version_catalog()
    datastore = find_datastore(asked.datastore_name)
    named = [version for version in datastore.versions if version.name == asked.name]
    if asked.version:
        named = [version for version in named if version.number == asked.version]
    if not named:
        raise NotSupported(
            f"Datastore {datastore.name} has no version '{asked.name}': describe it in the datastore's datastore.yaml."
        )
    if not versions.choice_for(named[0]).removed:
        raise BadRequest(f"Datastore version '{asked.name}' exists already: change it with PATCH.")
    choice = Choice(active=asked.active is not False, is_default=bool(asked.default))
    _store(CatalogEntry(datastore, named[0]), choice, versions)
    return None


def update_version(request: ApiRequest[MgmtVersionUpdate, None]) -> ResponseBody:
    """Activate or deactivate a version, make it the default or not.

    Raises:
        NotFound: no such version.
        BadRequest: an inactive version is made the default, or one that no host can run is activated.
        NotSupported: the request changes the name.
    """
    asked, versions = request.body, version_catalog()
    entry = _find(request, versions)
    if asked.name and asked.name != entry.version.name:
        raise NotSupported("The name of a version is its datastore's: leave out name.")
    choice = versions.choice_for(entry.version)
    if asked.active or asked.default:
        versions.require_available(entry.version)
    if asked.active is not None:
        choice = replace(choice, active=asked.active)
    if asked.default is not None:
        choice = replace(choice, is_default=asked.default)
    if asked.default and not choice.active:
        raise BadRequest(f"Datastore version {entry.version.id} is not active: it cannot be the default.")
    _store(entry, choice, versions)
    return None


def delete_version(request: AnyRequest) -> ResponseBody:
    """Delete a version. Raises NotFound; BadRequest: an instance has it."""
    versions = version_catalog()
    entry = _find(request, versions)
    if version_choices.is_used(entry.version.id):
        raise BadRequest(f"Datastore version {entry.version.id} is in use: instances have it.")
    _store(entry, Choice(active=False, removed=True), versions)
    return None


def _store(entry: CatalogEntry, choice: Choice, versions: VersionCatalog) -> None:
    """Store a choice; if it makes the version the default, store those of the datastore's other versions with it."""
    others = [version for version in entry.datastore.versions if version.id != entry.version.id]
    siblings = {version.id: versions.choice_for(version) for version in others} if choice.is_default else {}
    version_choices.choose(entry.version.id, choice, siblings)


def _find(request: AnyRequest, versions: VersionCatalog) -> CatalogEntry:
    version_id = require_id("Datastore version", request.match.parameters["version_id"])
    for datastore in datastores():
        for entry in versions.all_entries(datastore):
            if entry.version.id == version_id:
                return entry
    raise NotFound(f"Datastore version {version_id} cannot be found.")


def _view(entry: CatalogEntry, versions: VersionCatalog) -> dict[str, object]:
    version, datastore = entry.version, entry.datastore
    return {
        "id": version.id,
        "name": version.name,
        "version": version.number,
        "datastore_id": datastore.id,
        "datastore_name": datastore.name,
        "datastore_manager": datastore.name,
        "active": entry.active,
        "default": versions.default_id(datastore) == version.id,
        "image": None,
        "image_tags": [],
        "packages": [substrate.package for substrate in version.substrates.values()],
        "repl_strategy": None,
    }


HANDLERS: Handlers = {
    "list": list_versions,
    "show": show_version,
    "create": create_version,
    "update": update_version,
    "delete": delete_version,
}

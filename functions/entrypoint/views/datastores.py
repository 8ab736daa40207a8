"""JSON objects of datastores and their versions."""

from collections.abc import Sequence
from dataclasses import dataclass

from datastores.catalog import Datastore
from functions.entrypoint.version_catalog import CatalogEntry
from functions.entrypoint.views.common import resource_links

EXTENSIONS_SINCE = 2
"""N of the first microversion 1.N that has a version's extensions."""


@dataclass(frozen=True)
class DatastoreListing:
    """A datastore, those of its versions to show, and the id of its default version."""

    datastore: Datastore
    entries: Sequence[CatalogEntry]
    default_version_id: str | None


def datastore_view(listing: DatastoreListing, project_url: str, *, is_admin: bool, minor: int) -> dict[str, object]:
    """Return a datastore with its versions; administrators see whether each is active."""
    datastore = listing.datastore
    view: dict[str, object] = {
        "id": datastore.id,
        "name": datastore.name,
        "links": resource_links(project_url, "datastores", datastore.id),
        "versions": [_version(entry, project_url, is_admin, minor) for entry in listing.entries],
    }
    if listing.default_version_id is not None:
        view["default_version"] = listing.default_version_id
    return view


def version_view(entry: CatalogEntry, project_url: str, *, is_admin: bool, minor: int) -> dict[str, object]:
    """Return a version with its datastore's id."""
    return _version(entry, project_url, is_admin, minor) | {"datastore": entry.datastore.id}


def _version(entry: CatalogEntry, project_url: str, is_admin: bool, minor: int) -> dict[str, object]:
    more: dict[str, object] = {"active": entry.active} if is_admin else {}
    if minor >= EXTENSIONS_SINCE:
        more["extensions"] = list(entry.version.extensions)
    return more | {
        "id": entry.version.id,
        "name": entry.version.name,
        "version": entry.version.number,
        "links": resource_links(project_url, f"datastores/{entry.datastore.id}/versions", entry.version.id),
    }

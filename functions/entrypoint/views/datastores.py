"""Datastores and their versions on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass

from datastores.catalog import Datastore
from functions.entrypoint.catalog import Offer
from functions.entrypoint.views.common import resource_links

EXTENSIONS_SINCE = 2


@dataclass(frozen=True)
class Shelf:
    """A datastore with the versions to show of it, and the id of the one taken when none is asked for."""

    datastore: Datastore
    offers: Sequence[Offer]
    default_version_id: str | None


def datastore_view(shelf: Shelf, project_url: str, *, is_admin: bool, minor: int) -> dict[str, object]:
    """A datastore; administrators see which of its versions are active."""
    datastore = shelf.datastore
    view: dict[str, object] = {
        "id": datastore.id,
        "name": datastore.name,
        "links": resource_links(project_url, "datastores", datastore.id),
        "versions": [_version(offer, project_url, is_admin, minor) for offer in shelf.offers],
    }
    if shelf.default_version_id is not None:
        view["default_version"] = shelf.default_version_id
    return view


def version_view(offer: Offer, project_url: str, *, is_admin: bool, minor: int) -> dict[str, object]:
    """A version outside its datastore, which it then names."""
    return _version(offer, project_url, is_admin, minor) | {"datastore": offer.datastore.id}


def _version(offer: Offer, project_url: str, is_admin: bool, minor: int) -> dict[str, object]:
    more: dict[str, object] = {"active": offer.active} if is_admin else {}
    if minor >= EXTENSIONS_SINCE:
        more["extensions"] = list(offer.version.extensions)
    return more | {
        "id": offer.version.id,
        "name": offer.version.name,
        "version": offer.version.number,
        "links": resource_links(project_url, f"datastores/{offer.datastore.id}/versions", offer.version.id),
    }

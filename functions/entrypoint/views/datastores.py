"""Datastores and their versions on the wire."""

from collections.abc import Sequence

from datastores.catalog import Datastore
from functions.entrypoint.catalog import Offer
from functions.entrypoint.views.common import resource_links


def datastore_view(datastore: Datastore, offers: Sequence[Offer], project_url: str) -> dict[str, object]:
    """A datastore with the versions that can be asked for."""
    view: dict[str, object] = {
        "id": datastore.id,
        "name": datastore.name,
        "links": resource_links(project_url, "datastores", datastore.id),
        "versions": [_version(offer, project_url) for offer in offers],
    }
    if datastore.default_version_id is not None:
        view["default_version"] = datastore.default_version_id
    return view


def version_view(offer: Offer, project_url: str) -> dict[str, object]:
    """A version outside its datastore, which it then names."""
    return _version(offer, project_url) | {"datastore": offer.datastore.id}


def _version(offer: Offer, project_url: str) -> dict[str, object]:
    return {
        "id": offer.version.id,
        "name": offer.version.name,
        "version": offer.version.number,
        "links": resource_links(project_url, f"datastores/{offer.datastore.id}/versions", offer.version.id),
    }

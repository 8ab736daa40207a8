"""Datastores and their versions."""

from datastores.catalog import Datastore
from functions.cloud import flavors
from functions.entrypoint.call import AnyCall, Handlers, Reply
from functions.entrypoint.catalog import (
    Assortment,
    Offer,
    assortment,
    datastores,
    find_datastore,
    find_offer,
    named,
    offer_by_id,
)
from functions.entrypoint.views.datastores import Shelf, datastore_view, version_view
from functions.entrypoint.views.flavors import flavor_view


def list_datastores(call: AnyCall) -> Reply:
    """The datastores of which the caller is shown a version."""
    chosen = assortment()
    shown = [found for found in datastores() if _shown(call, found, chosen)]
    return {"datastores": [_view(call, found, chosen) for found in shown]}


def show_datastore(call: AnyCall) -> Reply:
    """A datastore by id or name. Raises NotFound."""
    return {"datastore": _view(call, find_datastore(call.match.parameters["datastore"]), assortment())}


def list_versions(call: AnyCall) -> Reply:
    """The versions of a datastore. Raises NotFound."""
    found = find_datastore(call.match.parameters["datastore"])
    return {"versions": [_version(call, offer) for offer in _shown(call, found, assortment())]}


def show_version(call: AnyCall) -> Reply:
    """A version of a datastore by id or name. Raises NotFound, BadRequest."""
    return {"version": _version(call, _offer(call))}


def show_version_by_id(call: AnyCall) -> Reply:
    """A version by its id alone. Raises BadRequest."""
    version_id = call.match.parameters["version_id"]
    return {"version": _version(call, offer_by_id(version_id, hidden_too=call.identity.is_admin))}


def list_flavors(call: AnyCall) -> Reply:
    """The flavors a version can have: all of them. Raises NotFound, BadRequest."""
    _offer(call)
    return {"flavors": [flavor_view(flavor, call.project_url) for flavor in flavors.flavors()]}


def _offer(call: AnyCall) -> Offer:
    """Administrators find hidden versions, too."""
    parameters = call.match.parameters
    found = find_datastore(parameters["datastore"])
    if call.identity.is_admin:
        return named(parameters["version"], assortment().every(found))
    return find_offer(parameters["version"], found)


def _shown(call: AnyCall, datastore: Datastore, chosen: Assortment) -> list[Offer]:
    return chosen.every(datastore) if call.identity.is_admin else chosen.offers(datastore)


def _view(call: AnyCall, datastore: Datastore, chosen: Assortment) -> dict[str, object]:
    shelf = Shelf(datastore, _shown(call, datastore, chosen), chosen.default_id(datastore))
    return datastore_view(shelf, call.project_url, is_admin=call.identity.is_admin, minor=call.minor)


def _version(call: AnyCall, offer: Offer) -> dict[str, object]:
    return version_view(offer, call.project_url, is_admin=call.identity.is_admin, minor=call.minor)


HANDLERS: Handlers = {
    "list": list_datastores,
    "show": show_datastore,
    "list_versions": list_versions,
    "show_version": show_version,
    "show_version_by_id": show_version_by_id,
    "list_flavors": list_flavors,
}

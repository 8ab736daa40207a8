"""Datastores and their versions."""

from functions.cloud import flavors
from functions.entrypoint.call import AnyCall, Handlers, Reply
from functions.entrypoint.catalog import Offer, datastores, find_datastore, find_offer, offer_by_id, offers
from functions.entrypoint.views.datastores import datastore_view, version_view
from functions.entrypoint.views.flavors import flavor_view


def list_datastores(call: AnyCall) -> Reply:
    """All datastores."""
    return {"datastores": [datastore_view(found, offers(found), call.project_url) for found in datastores()]}


def show_datastore(call: AnyCall) -> Reply:
    """A datastore by id or name. Raises NotFound."""
    found = find_datastore(call.match.parameters["datastore"])
    return {"datastore": datastore_view(found, offers(found), call.project_url)}


def list_versions(call: AnyCall) -> Reply:
    """The versions of a datastore. Raises NotFound."""
    found = find_datastore(call.match.parameters["datastore"])
    return {"versions": [version_view(offer, call.project_url) for offer in offers(found)]}


def show_version(call: AnyCall) -> Reply:
    """A version of a datastore by id or name. Raises NotFound, BadRequest."""
    return {"version": version_view(_offer(call), call.project_url)}


def show_version_by_id(call: AnyCall) -> Reply:
    """A version by its id alone. Raises BadRequest."""
    return {"version": version_view(offer_by_id(call.match.parameters["version_id"]), call.project_url)}


def list_flavors(call: AnyCall) -> Reply:
    """The flavors a version can have: all of them. Raises NotFound, BadRequest."""
    _offer(call)
    return {"flavors": [flavor_view(flavor, call.project_url) for flavor in flavors.flavors()]}


def _offer(call: AnyCall) -> Offer:
    parameters = call.match.parameters
    return find_offer(parameters["version"], find_datastore(parameters["datastore"]))


HANDLERS: Handlers = {
    "list": list_datastores,
    "show": show_datastore,
    "list_versions": list_versions,
    "show_version": show_version,
    "show_version_by_id": show_version_by_id,
    "list_flavors": list_flavors,
}

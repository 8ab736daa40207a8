"""The parameters of datastore versions: what configuration groups can set."""

from datastores.parameters import Parameter
from functions.entrypoint.call import AnyCall, Handlers, Reply
from functions.entrypoint.catalog import Offer, assortment, find_datastore, named, offer_by_id
from functions.entrypoint.views.configurations import parameter_view
from functions.runtime.errors import NotFound, NotSupported


def list_parameters(call: AnyCall) -> Reply:
    """The parameters of a version. Raises NotFound, BadRequest, NotSupported."""
    return _list(call, _offer(call))


def show_parameter(call: AnyCall) -> Reply:
    """One of them, by its name. Raises NotFound, BadRequest, NotSupported."""
    return _show(call, _offer(call))


def list_by_version(call: AnyCall) -> Reply:
    """The parameters of a version by its id alone. Raises BadRequest, NotSupported."""
    return _list(call, offer_by_id(call.match.parameters["version_id"], hidden_too=True))


def show_by_version(call: AnyCall) -> Reply:
    """One of them, by its name. Raises NotFound, BadRequest, NotSupported."""
    return _show(call, offer_by_id(call.match.parameters["version_id"], hidden_too=True))


def require_groups(offer: Offer) -> None:
    """Raises NotSupported when the datastore has no configuration groups."""
    if "configuration" not in offer.version.capabilities:
        raise NotSupported(f"Datastore {offer.datastore.name} does not have configuration groups.")


def known_parameters(offer: Offer) -> dict[str, Parameter]:
    """What can be set of a version, by name. Raises NotSupported."""
    require_groups(offer)
    return offer.version.parameters()


def _list(call: AnyCall, offer: Offer) -> Reply:
    known = known_parameters(offer).values()
    return {"configuration-parameters": [parameter_view(found, offer.version.id, call.minor) for found in known]}


def _show(call: AnyCall, offer: Offer) -> Reply:
    """Alone it is not wrapped, as in Trove."""
    name = call.match.parameters["parameter"]
    found = known_parameters(offer).get(name.lower())
    if found is None:
        raise NotFound(f"Parameter {name} of datastore version {offer.version.id} cannot be found.")
    return parameter_view(found, offer.version.id, call.minor)


def _offer(call: AnyCall) -> Offer:
    parameters = call.match.parameters
    return named(parameters["version"], assortment().every(find_datastore(parameters["datastore"])))


HANDLERS: Handlers = {
    "list": list_parameters,
    "show": show_parameter,
    "list_by_version": list_by_version,
    "show_by_version": show_by_version,
}

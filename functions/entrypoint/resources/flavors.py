"""Flavors."""

from functions.cloud import flavors
from functions.entrypoint.call import AnyCall, Handlers, Reply
from functions.entrypoint.views.flavors import flavor_view


def list_flavors(call: AnyCall) -> Reply:
    """All flavors."""
    return {"flavors": [flavor_view(flavor, call.project_url) for flavor in flavors.flavors()]}


def show_flavor(call: AnyCall) -> Reply:
    """A flavor by its id. Raises NotFound."""
    return {"flavor": flavor_view(flavors.get(call.match.parameters["flavor"]), call.project_url)}


HANDLERS: Handlers = {"list": list_flavors, "show": show_flavor}

"""Flavors."""

from functions.entrypoint.api_request import AnyRequest, Handlers, ResponseBody
from functions.entrypoint.views.flavors import flavor_view
from functions.topology import flavors


def list_flavors(request: AnyRequest) -> ResponseBody:
    """List all flavors."""
    return {"flavors": [flavor_view(flavor, request.project_url) for flavor in flavors.flavors()]}


def show_flavor(request: AnyRequest) -> ResponseBody:
    """Show a flavor. Raises NotFound."""
    return {"flavor": flavor_view(flavors.get(request.match.parameters["flavor"]), request.project_url)}


HANDLERS: Handlers = {"list": list_flavors, "show": show_flavor}

"""Parameters of datastore versions, which configuration groups can set."""

from datastores.parameters import Parameter
from functions.base.errors import NotFound, NotSupported
from functions.entrypoint.api_request import AnyRequest, Handlers, ResponseBody
from functions.entrypoint.version_catalog import CatalogEntry, entry_by_id, find_datastore, find_entry, version_catalog
from functions.entrypoint.views.configurations import parameter_view


def list_parameters(request: AnyRequest) -> ResponseBody:
    """List the parameters of a version. Raises NotFound, BadRequest, NotSupported."""
    return _list(request, _entry(request))


def show_parameter(request: AnyRequest) -> ResponseBody:
    """Show a parameter of a version. Raises NotFound, BadRequest, NotSupported."""
    return _show(request, _entry(request))


def list_by_version(request: AnyRequest) -> ResponseBody:
    """List the parameters of a version by its id alone. Raises BadRequest, NotSupported."""
    return _list(request, entry_by_id(request.match.parameters["version_id"], include_inactive=True))


def show_by_version(request: AnyRequest) -> ResponseBody:
    """Show a parameter of a version by its id alone. Raises NotFound, BadRequest, NotSupported."""
    return _show(request, entry_by_id(request.match.parameters["version_id"], include_inactive=True))


def require_groups(entry: CatalogEntry) -> None:
    """Raise NotSupported if the datastore has no configuration groups."""
    if "configuration" not in entry.version.capabilities:
        raise NotSupported(f"Datastore {entry.datastore.name} does not have configuration groups.")


def known_parameters(entry: CatalogEntry) -> dict[str, Parameter]:
    """Return the parameters of a version by name. Raises NotSupported."""
    require_groups(entry)
    return entry.version.parameters()


def _list(request: AnyRequest, entry: CatalogEntry) -> ResponseBody:
    known = known_parameters(entry).values()
    return {"configuration-parameters": [parameter_view(found, entry.version.id, request.minor) for found in known]}


def _show(request: AnyRequest, entry: CatalogEntry) -> ResponseBody:
    """Return the parameter without an enclosing object, as Trove does."""
    name = request.match.parameters["parameter"]
    found = known_parameters(entry).get(name.lower())
    if found is None:
        raise NotFound(f"Parameter {name} of datastore version {entry.version.id} cannot be found.")
    return parameter_view(found, entry.version.id, request.minor)


def _entry(request: AnyRequest) -> CatalogEntry:
    parameters = request.match.parameters
    return find_entry(parameters["version"], version_catalog().all_entries(find_datastore(parameters["datastore"])))


HANDLERS: Handlers = {
    "list": list_parameters,
    "show": show_parameter,
    "list_by_version": list_by_version,
    "show_by_version": show_by_version,
}

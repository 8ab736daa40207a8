"""Configuration groups."""

from dataclasses import replace

from datastores.parameters import problems
from datastores.protocol.engine import Settings
from functions.base.errors import BadRequest, Busy, InvalidValue, NotFound
from functions.base.settings import get_settings
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import (
    ConfigurationCreate,
    ConfigurationsListInstancesParametersQuery,
    ConfigurationsListParametersQuery,
    ConfigurationUpdate,
    NewConfigurationItem,
)
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.parameters import known_parameters
from functions.entrypoint.version_catalog import (
    CatalogEntry,
    entry_of,
    find_datastore,
    find_entry,
    resolve_entry,
    version_catalog,
)
from functions.entrypoint.views.configurations import (
    configuration_detail,
    configuration_instance,
    configuration_view,
)
from functions.entrypoint.waiting import wait_for_success
from functions.operations import instance_configure
from functions.operations.parts.launch import launch
from functions.state.configurations import configurations
from functions.state.configurations.configurations import Change, NewConfiguration
from functions.state.configurations.models import Configuration
from functions.state.operations.models import Operation


def list_configurations(request: ApiRequest[None, ConfigurationsListParametersQuery]) -> ResponseBody:
    """List a page of the project's groups."""
    size = page_size(request.query.limit)
    marker = require_id("Configuration group", request.query.marker) if request.query.marker else None
    page = cut(configurations.page(request.identity.project_id, size + 1, marker), size, lambda found: found.id)
    shown = [configuration_view(found, entry_of(found.datastore_version_id)) for found in page.items]
    return {"configurations": shown} | links(request.url, "configurations", page.next_marker)


def show_configuration(request: AnyRequest) -> ResponseBody:
    """Show a group. Raises NotFound."""
    return _detail(configurations.get(request.identity.project_id, _id(request)))


def create_configuration(request: ApiRequest[ConfigurationCreate, None]) -> ResponseBody:
    """Create a group.

    Raises:
        NotFound: no such datastore.
        BadRequest: no such version.
        NotSupported: the datastore has no configuration groups.
        InvalidValue: a value breaks a rule of its parameter.
    """
    asked = request.body.configuration
    entry = _entry(asked)
    new = NewConfiguration(
        name=asked.name,
        datastore_version_id=entry.version.id,
        values=_checked(entry, asked.values),
        description=asked.description,
    )
    return _detail(configurations.create(new, request.identity.project_id))


def replace_values(request: ApiRequest[ConfigurationUpdate, None]) -> ResponseBody:
    """Replace all values of a group. Raises NotFound, InvalidValue."""
    return _change(request, merge=False)


def change_values(request: ApiRequest[ConfigurationUpdate, None]) -> ResponseBody:
    """Set values of a group and keep its others. Raises NotFound, InvalidValue."""
    return _change(request, merge=True)


def delete_configuration(request: AnyRequest) -> ResponseBody:
    """Delete a group. Raises NotFound; BadRequest: an instance has it."""
    configurations.delete(request.identity.project_id, _id(request))
    return None


def list_instances(request: ApiRequest[None, ConfigurationsListInstancesParametersQuery]) -> ResponseBody:
    """List a page of the instances that have the group. Raises NotFound."""
    found = configurations.get(request.identity.project_id, _id(request))
    size = page_size(request.query.limit)
    marker = require_id("Instance", request.query.marker) if request.query.marker else None
    page = cut(configurations.instances(found.id, size + 1, marker), size, lambda instance: instance.id)
    shown = [configuration_instance(instance, found, request.minor) for instance in page.items]
    return {"instances": shown} | links(request.url, "instances", page.next_marker)


def _change(request: ApiRequest[ConfigurationUpdate, None], *, merge: bool) -> ResponseBody:
    """Change the group, then apply it to its instances; replicas get it with their source. The sweep applies it to
    those that are busy now."""
    project_id, asked = request.identity.project_id, request.body.configuration
    found = configurations.get(project_id, _id(request))
    values = None if asked.values is None else _checked(entry_of(found.datastore_version_id), asked.values)
    changed = configurations.change(project_id, found.id, Change(values, asked.name, asked.description, merge))
    instances = configurations.instances(changed.id) if values is not None else ()
    started = [operation for instance in instances if (operation := _apply(request, instance.id)) is not None]
    for operation in started:
        wait_for_success(operation, f"The group is changed, but not in force in instance {operation.instance_id}")
    return None


def _apply(request: AnyRequest, instance_id: str) -> Operation | None:
    try:
        operation = instance_configure.accept_apply(instance_id, replace(request.caller, idempotency_key=None))
    except (BadRequest, Busy, NotFound):
        return None
    if operation is not None:
        launch(operation)
    return operation


def _checked(entry: CatalogEntry, values: Settings) -> Settings:
    """Check the values and return them with the catalog's spelling of the names, which ignores case."""
    known = known_parameters(entry)
    named = {name.lower() if name.lower() in known else name: value for name, value in values.items()}
    named = {name: known[name].meant(value) if name in known else value for name, value in named.items()}
    if found := problems(known, named):
        raise InvalidValue(f"Configuration values are not valid: {'; '.join(found)}.")
    return named


def _entry(asked: NewConfigurationItem) -> CatalogEntry:
    """Return the version that the request names. An inactive one may have groups, too: instances still have it."""
    versions, datastore = version_catalog(), asked.datastore
    kind = datastore.type if datastore else None
    if datastore is None or not datastore.version:
        return resolve_entry(kind, None, None, versions)
    found = find_datastore(kind or get_settings().default_datastore)
    return find_entry(datastore.version, versions.all_entries(found), datastore.version_number)


def _detail(found: Configuration) -> ResponseBody:
    count = configurations.instance_count(found.id)
    return {"configuration": configuration_detail(found, entry_of(found.datastore_version_id), count)}


def _id(request: AnyRequest) -> str:
    return require_id("Configuration group", request.match.parameters["configuration_id"])


HANDLERS: Handlers = {
    "list": list_configurations,
    "show": show_configuration,
    "create": create_configuration,
    "update": replace_values,
    "edit": change_values,
    "delete": delete_configuration,
    "list_instances": list_instances,
}

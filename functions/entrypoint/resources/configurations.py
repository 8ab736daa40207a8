"""Configuration groups."""

from dataclasses import replace
from typing import Any

from datastores.parameters import problems
from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import Offer, assortment, choose_offer, find_datastore, named, offer_of
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import (
    ConfigurationCreate,
    ConfigurationsListInstancesParametersQuery,
    ConfigurationsListParametersQuery,
    ConfigurationUpdate,
    NewConfigurationItem,
)
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.patience import finish
from functions.entrypoint.resources.parameters import known_parameters
from functions.entrypoint.views.configurations import (
    configuration_detail,
    configuration_instance,
    configuration_view,
)
from functions.launch import launch
from functions.runtime.errors import Busy, InvalidValue, NotFound
from functions.runtime.settings import get_settings
from functions.state import configurations
from functions.state.configurations import Change, NewConfiguration
from functions.state.models import Configuration, Operation


def list_configurations(call: Call[None, ConfigurationsListParametersQuery]) -> Reply:
    """A page of the project's groups."""
    size = page_size(call.query.limit)
    marker = require_id("Configuration group", call.query.marker) if call.query.marker else None
    page = cut(configurations.page(call.identity.project_id, size + 1, marker), size, lambda found: found.id)
    shown = [configuration_view(found, offer_of(found.datastore_version_id)) for found in page.items]
    return {"configurations": shown} | links(call.place, "configurations", page.next_marker)


def show_configuration(call: AnyCall) -> Reply:
    """A group by its id. Raises NotFound."""
    return _detail(configurations.get(call.identity.project_id, _id(call)))


def create_configuration(call: Call[ConfigurationCreate, None]) -> Reply:
    """A new group.

    Raises:
        NotFound, BadRequest: no such datastore, no such version.
        NotSupported: the datastore has no configuration groups.
        InvalidValue: a value is not one that its parameter can have.
    """
    asked = call.body.configuration
    offer = _offer(asked)
    request = NewConfiguration(
        name=asked.name,
        datastore_version_id=offer.version.id,
        values=_checked(offer, asked.values),
        description=asked.description,
    )
    return _detail(configurations.create(request, call.identity.project_id))


def replace_values(call: Call[ConfigurationUpdate, None]) -> Reply:
    """Replace the values as a whole. Raises NotFound, InvalidValue."""
    return _change(call, merge=False)


def change_values(call: Call[ConfigurationUpdate, None]) -> Reply:
    """Put values over those that the group has. Raises NotFound, InvalidValue."""
    return _change(call, merge=True)


def delete_configuration(call: AnyCall) -> Reply:
    """Delete a group. Raises NotFound, BadRequest: an instance has it."""
    configurations.delete(call.identity.project_id, _id(call))
    return None


def list_instances(call: Call[None, ConfigurationsListInstancesParametersQuery]) -> Reply:
    """A page of the instances that have the group. Raises NotFound."""
    found = configurations.get(call.identity.project_id, _id(call))
    size = page_size(call.query.limit)
    marker = require_id("Instance", call.query.marker) if call.query.marker else None
    page = cut(configurations.instances(found.id, size + 1, marker), size, lambda instance: instance.id)
    shown = [configuration_instance(instance, found, call.minor) for instance in page.items]
    return {"instances": shown} | links(call.place, "instances", page.next_marker)


def _change(call: Call[ConfigurationUpdate, None], *, merge: bool) -> Reply:
    """Change the group, then give it to each instance that has it; to one that is busy the sweep does."""
    project_id, asked = call.identity.project_id, call.body.configuration
    found = configurations.get(project_id, _id(call))
    values = None if asked.values is None else _checked(offer_of(found.datastore_version_id), asked.values)
    changed = configurations.change(project_id, found.id, Change(values, asked.name, asked.description, merge))
    instances = configurations.instances(changed.id) if values is not None else ()
    started = [operation for instance in instances if (operation := _apply(call, instance.id)) is not None]
    for operation in started:
        finish(operation, f"The group is changed, but not in force in instance {operation.instance_id}")
    return None


def _apply(call: AnyCall, instance_id: str) -> Operation | None:
    try:
        operation = configurations.accept_apply(instance_id, replace(call.caller, idempotency_key=None))
    except (Busy, NotFound):
        return None
    if operation is not None:
        launch(operation)
    return operation


def _checked(offer: Offer, values: dict[str, Any]) -> dict[str, Any]:
    """The values with the names as the catalog has them: case does not matter in names of parameters."""
    known = known_parameters(offer)
    named = {name.lower() if name.lower() in known else name: value for name, value in values.items()}
    named = {name: known[name].meant(value) if name in known else value for name, value in named.items()}
    if found := problems(known, named):
        raise InvalidValue(f"Configuration values are not valid: {'; '.join(found)}.")
    return named


def _offer(asked: NewConfigurationItem) -> Offer:
    """Versions that are not offered any more have groups, too: instances have them."""
    now, datastore = assortment(), asked.datastore
    kind = datastore.type if datastore else None
    if datastore is None or not datastore.version:
        return choose_offer(kind, None, None, now)
    found = find_datastore(kind or get_settings().default_datastore)
    return named(datastore.version, now.every(found), datastore.version_number)


def _detail(found: Configuration) -> Reply:
    count = configurations.instance_count(found.id)
    return {"configuration": configuration_detail(found, offer_of(found.datastore_version_id), count)}


def _id(call: AnyCall) -> str:
    return require_id("Configuration group", call.match.parameters["configuration_id"])


HANDLERS: Handlers = {
    "list": list_configurations,
    "show": show_configuration,
    "create": create_configuration,
    "update": replace_values,
    "edit": change_values,
    "delete": delete_configuration,
    "list_instances": list_instances,
}

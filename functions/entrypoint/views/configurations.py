"""JSON objects of configuration groups and parameters."""

from datastores.parameters import Parameter
from functions.entrypoint.version_catalog import CatalogEntry
from functions.entrypoint.views.common import resource_links, time_text
from functions.state.configurations.models import Configuration
from functions.state.instances.models import Instance

MASK = "********"
"""Shown in place of the value of a secret parameter."""
DESCRIBED_SINCE = 1
"""N of the first microversion 1.N that has a parameter's description, unit and choices, and an instance's `current`."""


def parameter_view(parameter: Parameter, version_id: str, minor: int) -> dict[str, object]:
    """Return a parameter in microversion 1.`minor`."""
    view = parameter.model_dump(include={"name", "restart_required", "type", "min", "max"}, exclude_none=True)
    view["datastore_version_id"] = version_id
    if minor >= DESCRIBED_SINCE:
        view |= parameter.model_dump(include={"description", "unit", "choices"}, exclude_none=True)
    return view


def configuration_view(configuration: Configuration, entry: CatalogEntry) -> dict[str, object]:
    """Return a group without its values, for lists."""
    return {
        "id": configuration.id,
        "name": configuration.name,
        "description": configuration.description,
        "created": time_text(configuration.created),
        "updated": time_text(configuration.updated),
        "datastore_name": entry.datastore.name,
        "datastore_version_id": entry.version.id,
        "datastore_version_name": entry.version.name,
    }


def configuration_detail(configuration: Configuration, entry: CatalogEntry, instance_count: int) -> dict[str, object]:
    """Return a group with its values and the number of its instances."""
    known = entry.version.parameters()
    values = {
        name: MASK if name in known and known[name].secret else value for name, value in configuration.values.items()
    }
    return configuration_view(configuration, entry) | {
        "datastore_version_number": entry.version.number,
        "instance_count": instance_count,
        "values": values,
    }


def configuration_instance(instance: Instance, configuration: Configuration, minor: int) -> dict[str, object]:
    """Return an instance of a group; `current`: whether the instance has the group's newest values."""
    view: dict[str, object] = {"id": instance.id, "name": instance.name}
    if minor >= DESCRIBED_SINCE:
        view["current"] = instance.configuration_values == configuration.values
    return view


def configuration_reference(configuration_id: str, name: str, project_url: str) -> dict[str, object]:
    """Return the reference to a group that an instance has."""
    return {
        "id": configuration_id,
        "name": name,
        "links": resource_links(project_url, "configurations", configuration_id),
    }

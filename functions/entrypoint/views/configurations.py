"""Configuration groups and parameters on the wire."""

from datastores.parameters import Parameter
from functions.entrypoint.catalog import Offer
from functions.entrypoint.views.common import resource_links, time_text
from functions.state.models import Configuration, Instance

MASK = "********"
DESCRIBED_SINCE = 1
"""N of the microversion 1.N from which on parameters are described and instances say whether they are current."""


def parameter_view(parameter: Parameter, version_id: str, minor: int) -> dict[str, object]:
    """A parameter; bounds that it does not have are absent."""
    view = parameter.model_dump(include={"name", "restart_required", "type", "min", "max"}, exclude_none=True)
    view["datastore_version_id"] = version_id
    if minor >= DESCRIBED_SINCE:
        view |= parameter.model_dump(include={"description", "unit", "choices"}, exclude_none=True)
    return view


def configuration_view(configuration: Configuration, offer: Offer) -> dict[str, object]:
    """A group as lists show it."""
    return {
        "id": configuration.id,
        "name": configuration.name,
        "description": configuration.description,
        "created": time_text(configuration.created),
        "updated": time_text(configuration.updated),
        "datastore_name": offer.datastore.name,
        "datastore_version_id": offer.version.id,
        "datastore_version_name": offer.version.name,
    }


def configuration_detail(configuration: Configuration, offer: Offer, instance_count: int) -> dict[str, object]:
    """A group as it is shown alone."""
    known = offer.version.parameters()
    values = {
        name: MASK if name in known and known[name].secret else value for name, value in configuration.values.items()
    }
    return configuration_view(configuration, offer) | {
        "datastore_version_number": offer.version.number,
        "instance_count": instance_count,
        "values": values,
    }


def configuration_instance(instance: Instance, configuration: Configuration, minor: int) -> dict[str, object]:
    """An instance that has a group."""
    view: dict[str, object] = {"id": instance.id, "name": instance.name}
    if minor >= DESCRIBED_SINCE:
        view["current"] = instance.configuration_values == configuration.values
    return view


def configuration_reference(configuration_id: str, name: str, project_url: str) -> dict[str, object]:
    """A group as an instance names it."""
    return {
        "id": configuration_id,
        "name": name,
        "links": resource_links(project_url, "configurations", configuration_id),
    }

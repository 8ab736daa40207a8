"""JSON objects of flavors."""

from functions.entrypoint.views.common import resource_links
from functions.topology.flavors import Flavor


def flavor_view(flavor: Flavor, project_url: str) -> dict[str, object]:
    """Return a flavor; `id` is null unless it is an integer, the type of gophercloud's field."""
    return {
        "id": int(flavor.id) if flavor.id.isascii() and flavor.id.isdigit() else None,
        "str_id": flavor.id,
        "name": flavor.name,
        "ram": flavor.ram,
        "vcpus": flavor.vcpus,
        "disk": flavor.disk,
        "ephemeral": flavor.ephemeral,
        "links": resource_links(project_url, "flavors", flavor.id),
    }

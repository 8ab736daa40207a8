"""Flavors on the wire."""

from functions.cloud.flavors import Flavor
from functions.entrypoint.views.common import resource_links


def flavor_view(flavor: Flavor, project_url: str) -> dict[str, object]:
    """A flavor; `id` is null when it is not a plain integer, for gophercloud's field is one."""
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

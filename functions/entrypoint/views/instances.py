"""Instances on the wire."""

from dataclasses import dataclass

from functions.entrypoint.catalog import Offer
from functions.entrypoint.views.common import resource_links, time_text
from functions.state.models import Instance, InstanceStatus


@dataclass(frozen=True)
class Viewer:
    """Who looks, and from where."""

    project_url: str
    is_admin: bool = False


def instance_view(instance: Instance, offer: Offer, viewer: Viewer) -> dict[str, object]:
    """An instance as lists show it."""
    view: dict[str, object] = {
        "id": instance.id,
        "name": instance.name,
        "status": instance.status,
        "operating_status": instance.operating_status,
        "links": resource_links(viewer.project_url, "instances", instance.id),
        "flavor": {
            "id": instance.flavor_id,
            "links": resource_links(viewer.project_url, "flavors", instance.flavor_id),
        },
        "datastore": {"type": offer.datastore.name, "version": offer.version.name},
        "region": instance.region,
        "access": {} if instance.status == InstanceStatus.BUILD else instance.access,
        "volume": {"size": instance.volume_size},
    }
    if instance.addresses and instance.status != InstanceStatus.BUILD:
        view["ip"] = [entry["address"] for entry in instance.addresses]
        view["addresses"] = instance.addresses
    if viewer.is_admin:
        view["tenant_id"] = instance.project_id
    return view


def instance_detail(instance: Instance, offer: Offer, viewer: Viewer) -> dict[str, object]:
    """An instance as it is shown alone."""
    view = instance_view(instance, offer, viewer)
    updated = time_text(instance.updated)
    view |= {
        "datastore": {
            "type": offer.datastore.name,
            "version": offer.version.name,
            "version_number": offer.version.number,
        },
        "created": time_text(instance.created),
        "updated": updated,
        "service_status_updated": updated,
    }
    if instance.fault is not None:
        details = instance.fault.get("details") if viewer.is_admin else None
        view["fault"] = {
            "message": instance.fault["message"],
            "created": instance.fault["created"],
            "details": details,
        }
    return view

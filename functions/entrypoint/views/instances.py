"""Instances on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.entrypoint.catalog import Offer
from functions.entrypoint.views.common import resource_links, time_text
from functions.entrypoint.views.configurations import configuration_reference
from functions.state.models import Instance, InstanceStatus

HEALTHY = "HEALTHY"
RESTART_REQUIRED = "RESTART_REQUIRED"


@dataclass(frozen=True)
class Viewer:
    """Who looks, and from where."""

    project_url: str
    is_admin: bool = False
    minor: int = 0
    """N of the microversion 1.N that the view follows."""
    configurations: Mapping[str, str] = field(default_factory=dict)
    """Names of configuration groups by id, of those at least that the instances have."""
    ca_certificate: str = ""
    """PEM certificates of the authorities by which clients know databases that serve TLS."""


def instance_view(instance: Instance, offer: Offer, viewer: Viewer) -> dict[str, object]:
    """An instance as lists show it."""
    view: dict[str, object] = {
        "id": instance.id,
        "name": instance.name,
        "status": _status(instance, InstanceStatus.ACTIVE, instance.status),
        "operating_status": _status(instance, HEALTHY, instance.operating_status),
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
    if viewer.minor >= 1:
        view |= {"deletion_protection": instance.deletion_protection, "tags": instance.tags}
    return view


def instance_detail(instance: Instance, offer: Offer, viewer: Viewer) -> dict[str, object]:
    """An instance as it is shown alone."""
    view = instance_view(instance, offer, viewer)
    view |= {
        "datastore": {
            "type": offer.datastore.name,
            "version": offer.version.name,
            "version_number": offer.version.number,
        },
        "created": time_text(instance.created),
        "updated": time_text(instance.updated),
        "service_status_updated": time_text(instance.service_status_updated or instance.created),
    }
    if instance.configuration_id is not None:
        name = viewer.configurations.get(instance.configuration_id, "")
        view["configuration"] = configuration_reference(instance.configuration_id, name, viewer.project_url)
    if viewer.minor >= 1:
        view["tls"] = _tls(instance, viewer)
    if instance.fault is not None:
        details = instance.fault.get("details") if viewer.is_admin else None
        view["fault"] = {
            "message": instance.fault["message"],
            "created": instance.fault["created"],
            "details": details,
        }
    return view


def _tls(instance: Instance, viewer: Viewer) -> dict[str, object] | None:
    if instance.certificate_expires is None:
        return None
    return {"ca_certificate": viewer.ca_certificate, "certificate_expires": time_text(instance.certificate_expires)}


def _status(instance: Instance, usual: str, status: str) -> str:
    """A status, in place of the usual one that a restart is needed."""
    return RESTART_REQUIRED if instance.restart_required and status == usual else status

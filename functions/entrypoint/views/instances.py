"""JSON objects of instances."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.base.statuses import InstanceStatus
from functions.entrypoint.version_catalog import CatalogEntry
from functions.entrypoint.views.common import optional_time, resource_links, time_text
from functions.entrypoint.views.configurations import configuration_reference
from functions.entrypoint.views.connections import CONNECTIONS_SINCE, GroupAddresses, connections_view
from functions.state.groups.standing import Standing
from functions.state.instances.models import Instance

HEALTHY = "HEALTHY"
RESTART_REQUIRED = "RESTART_REQUIRED"
GROUPS_SINCE = 2
"""N of the first microversion 1.N that shows how groups are doing, and their failover policy."""


@dataclass(frozen=True)
class Replication:
    """How a member of a group is doing, the group's failover policy, its source's id, its replicas by their ids."""

    standing: Standing
    failover: Mapping[str, object]
    replica_of: str | None = None
    replicas: Mapping[str, Standing] = field(default_factory=dict)


@dataclass(frozen=True)
class ViewContext:
    """The caller's URL, rights and microversion, and what instances show beside their rows."""

    project_url: str
    is_admin: bool = False
    minor: int = 0
    """N of the microversion 1.N that the view follows."""
    configurations: Mapping[str, str] = field(default_factory=dict)
    """Names by id of the configuration groups that the instances have."""
    replication: Mapping[str, "Replication"] = field(default_factory=dict)
    """By id of the instance; of the members of groups."""
    groups: Mapping[str, GroupAddresses] = field(default_factory=dict)
    """Where groups are reached, by the group's id."""
    ca_certificate: str = ""
    """PEM certificates of the authorities that sign the service's own certificates of databases with TLS."""
    authorities: Mapping[str, str] = field(default_factory=dict)
    """PEM certificates that the clients of an instance trust, by its id, where its tenant brought the certificate."""


def instance_view(instance: Instance, entry: CatalogEntry, context: ViewContext) -> dict[str, object]:
    """Return an instance without its details, for lists."""
    view: dict[str, object] = {
        "id": instance.id,
        "name": instance.name,
        "status": _status(instance, InstanceStatus.ACTIVE, instance.status),
        "operating_status": _status(instance, HEALTHY, instance.operating_status),
        "links": resource_links(context.project_url, "instances", instance.id),
        "flavor": {
            "id": instance.flavor_id,
            "links": resource_links(context.project_url, "flavors", instance.flavor_id),
        },
        "datastore": {"type": entry.datastore.name, "version": entry.version.name},
        "region": instance.region,
        "access": {} if instance.status == InstanceStatus.BUILD else instance.access.model_dump(exclude_none=True),
        "volume": {"size": instance.volume_size},
    }
    if instance.host is not None and instance.host.addresses:
        view["ip"] = [entry.address for entry in instance.host.addresses]
        view["addresses"] = [entry.model_dump(exclude_none=True) for entry in instance.host.addresses]
    view |= _replication(instance, context)
    if context.is_admin:
        view["tenant_id"] = instance.project_id
    if context.minor >= 1:
        view |= {"deletion_protection": instance.deletion_protection, "tags": instance.tags}
    if context.minor >= GROUPS_SINCE:
        view["replication"] = _standing(context.replication.get(instance.id))
    return view


def instance_detail(instance: Instance, entry: CatalogEntry, context: ViewContext) -> dict[str, object]:
    """Return an instance with its details."""
    view = instance_view(instance, entry, context)
    view |= {
        "datastore": {
            "type": entry.datastore.name,
            "version": entry.version.name,
            "version_number": entry.version.number,
        },
        "created": time_text(instance.created),
        "updated": time_text(instance.updated),
        "service_status_updated": time_text(instance.service_status_updated or instance.created),
    }
    if instance.configuration_id is not None:
        name = context.configurations.get(instance.configuration_id, "")
        view["configuration"] = configuration_reference(instance.configuration_id, name, context.project_url)
    if context.minor >= 1:
        view["tls"] = _tls(instance, context)
    if context.minor >= CONNECTIONS_SINCE:
        view |= connections_view(instance, entry, context.groups.get(instance.group_id or "", GroupAddresses()))
    if instance.fault is not None:
        view["fault"] = instance.fault.model_dump() | ({} if context.is_admin else {"details": None})
    return view


def _replication(instance: Instance, context: ViewContext) -> dict[str, object]:
    """Return the instance's source and replicas; what it does not have is left out."""
    found = context.replication.get(instance.id)
    if found is None:
        return {}
    view: dict[str, object] = {"failover": found.failover} if context.minor >= GROUPS_SINCE else {}
    if found.replica_of is not None:
        view["replica_of"] = _reference(found.replica_of, context)
    if found.replicas:
        view["replicas"] = [_reference(replica, context) for replica in found.replicas]
    return view


def _standing(found: Replication | None) -> dict[str, object] | None:
    if found is None:
        return None
    followers = [{"id": replica_id, **_standing_view(seen)} for replica_id, seen in found.replicas.items()]
    return _standing_view(found.standing) | {"followers": followers}


def _standing_view(seen: Standing) -> dict[str, object]:
    times = {"last_contact": optional_time(seen.last_contact), "observed": optional_time(seen.observed)}
    return vars(seen) | times


def _reference(instance_id: str, context: ViewContext) -> dict[str, object]:
    return {"id": instance_id, "links": resource_links(context.project_url, "instances", instance_id)}


def _tls(instance: Instance, context: ViewContext) -> dict[str, object] | None:
    expires = instance.host.certificate_expires if instance.host else None
    if expires is None:
        return None
    trusted = context.authorities.get(instance.id, context.ca_certificate)
    return {"ca_certificate": trusted, "certificate_expires": time_text(expires)}


def _status(instance: Instance, usual: str, status: str) -> str:
    """Return the status, or RESTART_REQUIRED in place of the usual one if settings wait for a restart."""
    waits = instance.host is not None and instance.host.restart_required
    return RESTART_REQUIRED if waits and status == usual else status

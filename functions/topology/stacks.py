"""The stack of an instance: its name, its parameters, and the request to Heat to create or update it."""

from pathlib import Path

from datastores.catalog import catalog
from functions.base.settings import get_settings
from functions.cloud import heat
from functions.state.endpoints import endpoints
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations.secrets import HostKey

TEMPLATE = Path(__file__).parents[2] / "deploy" / "heat" / "instance.yaml"
STACK = "trove-"
"""Prefix of the names of all stacks of instances."""
_HOST_VOLUME_GB = 1
"""GB of a host's volume at least: jobs and logs are on it, also where the datastore stores nothing there."""


def stack_name(instance: Instance) -> str:
    """Return the name of an instance's stack."""
    return f"{STACK}{instance.id}"


def host_parameters(instance: Instance, host: Host, key: HostKey) -> dict[str, object]:
    """Return the stack's parameters that stay the same for the host's life."""
    version = catalog().version_by_id(instance.datastore_version_id)
    return {
        "instance_id": instance.id,
        "host_id": host.id,
        "project_id": instance.project_id,
        "datastore": version.datastore,
        "ports": version.ports,
        "ssh_user_ca": key.ssh_user_ca,
        "host_key": key.private_key,
        "host_certificate": key.certificate,
    }


def spec_parameters(instance: Instance, spec: InstanceSpec) -> dict[str, object]:
    """Return the stack's parameters that follow from the instance's spec, and from the endpoints of its group."""
    return {
        "version": catalog().version_by_id(spec.datastore_version_id).name,
        "flavor": spec.flavor_name,
        "memory": spec.memory_mb,
        "cpus": spec.cpus,
        "volume_size": max(_HOST_VOLUME_GB, spec.volume_size),
        "allowed_cidrs": endpoints.admitted(instance, spec),
        "public": bool(spec.access.is_public),
        "endpoint_addresses": endpoints.held_by_host(instance),
    }


def apply(instance: Instance, parameters: dict[str, object]) -> bool:
    """Ask Heat to create or update the stack; return False if Heat is busy with it, so that a retry is needed."""
    tags = [f"project-{instance.project_id}"]
    return heat.apply(stack_name(instance), TEMPLATE, get_settings().heat_environment, parameters, tags)

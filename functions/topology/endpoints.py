"""The stack of an endpoint: its name, its parameters, and the requests to Heat."""

from pathlib import Path

from datastores.catalog import catalog
from functions.base.settings import get_settings
from functions.cloud import heat
from functions.cloud.heat import StackStatus
from functions.state.endpoints.endpoints import Aim
from functions.state.endpoints.models import Endpoint
from functions.state.hosts.models import Host
from functions.topology.stacks import STACK

TEMPLATE = Path(__file__).parents[2] / "deploy" / "heat" / "endpoint.yaml"
ENDPOINT_STACK = f"{STACK}endpoint-"
"""Prefix of the names of all stacks of endpoints."""


def stack_name(endpoint: Endpoint) -> str:
    """Return the name of an endpoint's stack."""
    return f"{ENDPOINT_STACK}{endpoint.id}"


def parameters(endpoint: Endpoint, aim: Aim) -> dict[str, object]:
    """Return the stack's parameters."""
    return {
        "endpoint_id": endpoint.id,
        "project_id": aim.project_id,
        "kind": endpoint.kind,
        "ports": catalog().version_by_id(aim.spec.datastore_version_id).ports,
        "targets": [address for host in aim.targets if (address := target_address(host))],
        "allowed_cidrs": aim.spec.access.allowed_cidrs or [],
        "public": bool(aim.spec.access.is_public),
    }


def target_address(host: Host) -> str | None:
    """Return the address at which an endpoint reaches the database on a host, None if the host has none."""
    return next((address.address for address in host.addresses if address.type == "private"), None)


def apply(endpoint: Endpoint, aim: Aim, operation_id: str) -> bool:
    """Ask Heat to create or update the stack; return False if Heat is busy with it, so that a retry is needed.

    Heat does not try again what failed with the same parameters, of which the operation's id is one.
    """
    tags = [f"project-{aim.project_id}"]
    wanted = {**parameters(endpoint, aim), "operation_id": operation_id}
    return heat.apply(stack_name(endpoint), TEMPLATE, get_settings().heat_environment, wanted, tags)


def status(endpoint: Endpoint) -> StackStatus:
    """Return the status of the endpoint's stack."""
    return heat.status(stack_name(endpoint))


def delete(endpoint: Endpoint) -> None:
    """Ask Heat to delete the stack, unless it is absent or being deleted."""
    heat.delete(stack_name(endpoint))

"""What endpoints are on Nova, with and without Octavia, as Heat resolves the templates."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_nova_host import render

SUBSTRATES = Path(__file__).parents[2] / "deploy" / "heat" / "substrates"
PARAMETERS: dict[str, object] = {
    "endpoint_id": "endpoint-1",
    "project_id": "tenant-1",
    "kind": "readers",
    "ports": "5432,6432",
    "targets": "10.0.0.5,10.0.0.6",
    "allowed_cidrs": "10.0.0.0/8",
    "public": True,
    "public_network": "external",
}
NOVA = PARAMETERS | {"database_network": "database"}
OCTAVIA = PARAMETERS | {"balancer_subnet": "databases", "balancer_cidr": "10.9.0.0/24"}


def rendered(name: str, *parameters: dict[str, object]) -> list[dict[str, Any]]:
    """The resources of a template for each set of parameters."""
    done = render((SUBSTRATES / name).read_text(), list(parameters))
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_address_is_a_port_that_no_server_has() -> None:
    public, private = rendered("nova_endpoint.yaml", NOVA, NOVA | {"public": False})
    assert public["port"]["network"] == "database"
    assert "trove-project=tenant-1" in public["port"]["tags"]
    assert public["public_address"]["port_id"] == "port"
    assert private.keys() == {"port"}


def test_the_load_balancer_has_a_group_of_a_part_a_port() -> None:
    public, private = rendered("octavia_endpoint.yaml", OCTAVIA, OCTAVIA | {"public": False, "targets": ""})
    assert public["balancer"]["vip_subnet"] == "databases"
    assert public["listeners"]["count"] == 2
    assert public["listeners"]["resource_def"]["type"] == "octavia_port.yaml"
    assert public["listeners"]["resource_def"]["properties"]["targets"] == ["10.0.0.5", "10.0.0.6"]
    assert private["listeners"]["resource_def"]["properties"]["targets"] == []
    assert "public_address" not in private


@pytest.fixture(scope="module")
def ports() -> list[dict[str, Any]]:
    """A port of an endpoint for readers, and one of an endpoint for the primary without a target."""
    common = {"balancer": "b", "ports": "5432,6432", "allowed_cidrs": "10.0.0.0/8"}
    readers = common | {"index": 1, "kind": "readers", "targets": "10.0.0.5,10.0.0.6"}
    return rendered("octavia_port.yaml", readers, common | {"index": 0, "kind": "primary", "targets": ""})


def test_only_allowed_networks_reach_the_listener(ports: list[dict[str, Any]]) -> None:
    readers, primary = ports
    assert (readers["listener"]["protocol"], readers["listener"]["protocol_port"]) == ("TCP", "6432")
    assert primary["listener"]["protocol_port"] == "5432"
    assert readers["listener"]["allowed_cidrs"] == ["10.0.0.0/8"]


def test_the_pool_has_a_member_for_each_target(ports: list[dict[str, Any]]) -> None:
    readers, primary = ports
    assert (readers["members"]["count"], primary["members"]["count"]) == (2, 0)
    assert (readers["pool"]["lb_algorithm"], primary["pool"]["lb_algorithm"]) == ("LEAST_CONNECTIONS", "ROUND_ROBIN")
    [member] = rendered("octavia_member.yaml", {"index": 1, "pool": "p", "port": 5432, "targets": "10.0.0.5,10.0.0.6"})
    assert (member["member"]["address"], member["member"]["protocol_port"]) == ("10.0.0.6", 5432)

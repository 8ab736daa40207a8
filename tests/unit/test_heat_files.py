"""The Heat files agree with each other: the abstract types, the local resources and the templates of other clouds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HEAT = Path(__file__).parents[2] / "deploy" / "heat"
TYPES = {
    "String": "string",
    "Integer": "number",
    "Boolean": "boolean",
    "List": "comma_delimited_list",
}
"""Type of a resource's property to type of a template's parameter."""
OPERATION = "operation_id"
"""The parameter that no resource gets."""

PLUGIN = """
import json
from deploy.local.heat_plugins import trove_local_endpoint, trove_local_host
print(json.dumps({
    name: {
        "properties": {name: schema.type for name, schema in kind.properties_schema.items()},
        "optional": [name for name, schema in kind.properties_schema.items() if not schema.required],
        "attributes": sorted(kind.attributes_schema),
    }
    for plugin in (trove_local_host, trove_local_endpoint)
    for name, kind in plugin.resource_mapping().items()
}))
"""
"""Heat has the process to itself: its options clash with those of Mistral."""


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((HEAT / name).read_text())
    return content


@pytest.fixture(scope="module")
def instance() -> dict[str, Any]:
    return load("instance.yaml")


@pytest.fixture(scope="module")
def endpoint() -> dict[str, Any]:
    return load("endpoint.yaml")


@pytest.fixture(scope="module")
def nova_host() -> dict[str, Any]:
    return load("substrates/nova_host.yaml")


@pytest.fixture(scope="module")
def plugin() -> dict[str, Any]:
    """What the plugin offers to Heat, by resource type."""
    shown = subprocess.run([sys.executable, "-c", PLUGIN], capture_output=True, text=True, check=True).stdout
    offered: dict[str, Any] = json.loads(shown.splitlines()[-1])
    return offered


def the_resource(template: dict[str, Any]) -> dict[str, Any]:
    (resource,) = template["resources"].values()
    found: dict[str, Any] = resource
    return found


def types(template: dict[str, Any], *left_out: str) -> dict[str, str]:
    """The parameters' types, but for those that are left out."""
    parameters = template["parameters"]
    return {name: parameter["type"] for name, parameter in parameters.items() if name not in left_out}


def test_every_parameter_goes_to_the_host(instance: dict[str, Any]) -> None:
    resource = the_resource(instance)
    assert resource["type"] == "Trove::Host"
    assert resource["properties"] == {name: {"get_param": name} for name in instance["parameters"]}


def test_every_parameter_but_the_operation_goes_to_the_endpoint(endpoint: dict[str, Any]) -> None:
    resource = the_resource(endpoint)
    assert resource["type"] == "Trove::Endpoint"
    assert resource["properties"] == {name: {"get_param": name} for name in types(endpoint, OPERATION)}


@pytest.mark.parametrize(("kind", "name"), [("Host", "instance.yaml"), ("Endpoint", "endpoint.yaml")])
def test_the_local_resources_have_the_properties_and_attributes(plugin: dict[str, Any], kind: str, name: str) -> None:
    local, template = plugin[f"Trove::Local::{kind}"], load(name)
    assert {name: TYPES[kind] for name, kind in local["properties"].items()} == types(template, OPERATION)
    assert set(local["attributes"]) == template["outputs"].keys()
    with_default = [name for name, parameter in template["parameters"].items() if "default" in parameter]
    assert local["optional"] == with_default, "stacks of an earlier release are updated with their own template"


@pytest.mark.parametrize(
    ("substrate", "kind", "name"),
    [
        ("nova", "Host", "instance.yaml"),
        ("nova", "Endpoint", "endpoint.yaml"),
        ("nova_octavia", "Host", "instance.yaml"),
        ("nova_octavia", "Endpoint", "endpoint.yaml"),
    ],
)
def test_the_templates_have_the_properties_and_attributes(substrate: str, kind: str, name: str) -> None:
    environment, template = load(f"substrates/{substrate}.yaml"), load(name)
    mapped = load(f"substrates/{environment['resource_registry'][f'Trove::{kind}']}")
    assert types(mapped, *environment["parameter_defaults"]) == types(template, OPERATION)
    assert mapped["outputs"].keys() == template["outputs"].keys()


def test_the_two_nova_substrates_differ_in_endpoints_only() -> None:
    plain, octavia = load("substrates/nova.yaml"), load("substrates/nova_octavia.yaml")
    own = octavia["parameter_defaults"].keys() - plain["parameter_defaults"].keys()
    assert octavia["parameter_defaults"] == plain["parameter_defaults"] | {
        name: octavia["parameter_defaults"][name] for name in own
    }
    assert own <= load("substrates/octavia_endpoint.yaml")["parameters"].keys()


def test_what_the_nova_substrate_needs_is_in_its_environment(nova_host: dict[str, Any]) -> None:
    defaults = load("substrates/nova.yaml")["parameter_defaults"]
    assert defaults.keys() <= nova_host["parameters"].keys()


@pytest.mark.parametrize("name", ["instance.yaml", "substrates/nova_host.yaml"])
def test_the_host_key_is_hidden_and_not_constrained(name: str) -> None:
    parameter = load(name)["parameters"]["host_key"]
    assert parameter["hidden"] is True
    assert "default" not in parameter
    assert "constraints" not in parameter, "Heat would quote the value in its message"


def test_every_environment_maps_both_types(plugin: dict[str, Any]) -> None:
    assert set(load("substrates/local.yaml")["resource_registry"].values()) == plugin.keys()
    for name in ("local", "nova", "nova_octavia"):
        assert load(f"substrates/{name}.yaml")["resource_registry"].keys() == {"Trove::Host", "Trove::Endpoint"}

"""The Heat files agree with each other: the abstract host, the local resource and the Nova template."""

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

PLUGIN = """
import json
from deploy.local.heat_plugins.trove_local_host import resource_mapping
print(json.dumps({
    name: {
        "properties": {name: schema.type for name, schema in kind.properties_schema.items() if schema.required},
        "attributes": sorted(kind.attributes_schema),
    }
    for name, kind in resource_mapping().items()
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
def nova_host() -> dict[str, Any]:
    return load("substrates/nova_host.yaml")


@pytest.fixture(scope="module")
def plugin() -> dict[str, Any]:
    """What the plugin offers to Heat, by resource type."""
    shown = subprocess.run([sys.executable, "-c", PLUGIN], capture_output=True, text=True, check=True).stdout
    offered: dict[str, Any] = json.loads(shown.splitlines()[-1])
    return offered


def host_properties(template: dict[str, Any]) -> dict[str, Any]:
    (resource,) = template["resources"].values()
    assert resource["type"] == "Trove::Host"
    properties: dict[str, Any] = resource["properties"]
    return properties


def test_every_parameter_goes_to_the_host(instance: dict[str, Any]) -> None:
    assert host_properties(instance) == {name: {"get_param": name} for name in instance["parameters"]}


def test_the_local_resource_has_the_hosts_properties_and_attributes(
    instance: dict[str, Any], plugin: dict[str, Any]
) -> None:
    local = plugin["Trove::Local::Host"]
    required = {name: TYPES[kind] for name, kind in local["properties"].items()}
    assert required == {name: parameter["type"] for name, parameter in instance["parameters"].items()}
    assert set(local["attributes"]) == instance["outputs"].keys()


def test_the_nova_template_has_the_hosts_properties_and_attributes(
    instance: dict[str, Any], nova_host: dict[str, Any]
) -> None:
    own = load("substrates/nova.yaml")["parameter_defaults"].keys()
    found = {name: parameter["type"] for name, parameter in nova_host["parameters"].items() if name not in own}
    assert found == {name: parameter["type"] for name, parameter in instance["parameters"].items()}
    assert nova_host["outputs"].keys() == instance["outputs"].keys()


def test_what_the_nova_substrate_needs_is_in_its_environment(nova_host: dict[str, Any]) -> None:
    defaults = load("substrates/nova.yaml")["parameter_defaults"]
    assert defaults.keys() <= nova_host["parameters"].keys()


@pytest.mark.parametrize("name", ["instance.yaml", "substrates/nova_host.yaml"])
def test_the_host_key_is_hidden_and_not_constrained(name: str) -> None:
    parameter = load(name)["parameters"]["host_key"]
    assert parameter["hidden"] is True
    assert "default" not in parameter
    assert "constraints" not in parameter, "Heat would quote the value in its message"


def test_every_environment_maps_the_host(plugin: dict[str, Any]) -> None:
    assert load("substrates/local.yaml")["resource_registry"]["Trove::Host"] in plugin
    assert load("substrates/nova.yaml")["resource_registry"] == {"Trove::Host": "nova_host.yaml"}

"""Configuration groups as clients use them: the `openstack` command, python-troveclient, gophercloud and Terraform."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from troveclient.v1.client import Client

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from functions.framework.step import Nothing, StepContext
from functions.steps.control import sweep
from tests.support.api import LATEST, Api, fault
from tests.support.openstack import OpenStack
from tests.support.tenants import TestInstance, an_instance, create_body, delete_instance, follow, tenant

VERSION = catalog().version("postgresql", None)
NAME = f"by-command-{uuid.uuid4().hex[:8]}"
"""Names have to be this run's own: the command finds things by them."""
POSTGRESQL = {"type": "postgresql", "version": VERSION.name}


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """The tenant."""
    return tenant(cloud)


@pytest.fixture(scope="module")
def made(owner: Tenant) -> Iterator[TestInstance]:
    """An instance."""
    with an_instance(owner, f"configured-{NAME}") as made:
        yield made


@pytest.fixture
def instance(demo: Api, made: TestInstance) -> Iterator[TestInstance]:
    """The same, without a group after each test."""
    yield made
    detach(demo, made)


@contextmanager
def a_group(demo: Api, **values: object) -> Iterator[str]:
    """Id of a configuration group that is gone afterwards."""
    body = {"configuration": {"name": "group", "values": values, "datastore": POSTGRESQL}}
    reply = demo.call("POST", "/configurations", json=body)
    assert reply.status_code == 200, reply.text
    identifier = reply.json()["configuration"]["id"]
    yield identifier
    assert demo.call("DELETE", f"/configurations/{identifier}").status_code == 202
    assert fault(demo.call("GET", f"/configurations/{identifier}"))[0] == 404


def attach(demo: Api, instance: TestInstance, group: str) -> None:
    """As gophercloud and Terraform do it."""
    reply = demo.call("PUT", f"/instances/{instance.id}", json={"instance": {"configuration": group}})
    assert (reply.status_code, reply.content) == (202, b""), reply.text


def detach(demo: Api, instance: TestInstance) -> None:
    """As gophercloud and Terraform do it."""
    reply = demo.call("PUT", f"/instances/{instance.id}", json={"instance": {}})
    assert (reply.status_code, reply.content) == (202, b""), reply.text


def shown(demo: Api, instance: TestInstance) -> dict[str, Any]:
    found: dict[str, Any] = demo.get(f"/instances/{instance.id}")["instance"]
    return found


def setting(instance: TestInstance, name: str) -> str:
    """A setting in a new session of the tenant's."""
    value: str = instance.query(f"SHOW {name}")[0][0]
    return value


# -- the command -------------------------------------------------------------------------------------------------------


def test_every_command(cloud: Cloud, instance: TestInstance) -> None:
    openstack = OpenStack(cloud)
    datastore = ("--datastore", "postgresql")
    listed = openstack.json("database configuration parameter list", VERSION.id)
    assert {"Name", "Type", "Min Size", "Max Size", "Restart Required"} == set(listed[0])
    assert len(listed) == len(VERSION.parameters())
    parameter = openstack.json("database configuration parameter show", VERSION.name, "max_connections", *datastore)
    assert (parameter["type"], parameter["min"], parameter["max"]) == ("integer", 10, 262143)
    assert parameter["restart_required"] is True

    created = openstack.json(
        "database configuration create", NAME, json.dumps({"work_mem": 8192}), *datastore,
        "--datastore-version", VERSION.name, "--description", "it's \"odd\"",
    )  # fmt: skip
    assert (created["name"], created["description"], created["instance_count"]) == (NAME, 'it\'s "odd"', 0)
    row = next(row for row in openstack.json("database configuration list") if row["ID"] == created["id"])
    assert (row["Name"], row["Datastore Name"], row["Datastore Version Name"]) == (NAME, "postgresql", "18")

    openstack.says("database configuration attach", f"configured-{NAME}", NAME)
    assert setting(instance, "work_mem") == "8MB"
    assert openstack.json("database configuration instances", NAME) == [
        {"ID": instance.id, "Name": f"configured-{NAME}"}
    ]
    refused = openstack.refusal("database configuration delete", NAME)
    assert "is attached to 1 instance(s): detach it first" in refused
    refused = openstack.refusal("database configuration set", created["id"], json.dumps({"work_mem": 1}))
    assert "'work_mem' must be an integer from 64" in refused
    openstack.says("database configuration parameter set", created["id"], json.dumps({"autovacuum": False}))
    assert json.loads(openstack.json("database configuration show", NAME)["values"]) == {
        "work_mem": 8192,
        "autovacuum": False,
    }
    assert openstack.json("database configuration default", f"configured-{NAME}")["work_mem"] == "2570kB"
    follow(tenant(cloud), "instance_configure", instance_id=instance.id)
    assert setting(instance, "autovacuum") == "off"
    openstack.says("database configuration set", created["id"], json.dumps({"jit": False}), "--description", "new")
    assert json.loads(openstack.json("database configuration show", NAME)["values"]) == {"jit": False}
    openstack.says("database configuration detach", f"configured-{NAME}")
    assert setting(instance, "work_mem") == "2570kB"
    openstack.says("database configuration delete", NAME)
    assert created["id"] not in {row["ID"] for row in openstack.json("database configuration list")}


# -- gophercloud and Terraform -----------------------------------------------------------------------------------------


def test_another_group_can_be_attached_at_once_after_detaching(demo: Api, instance: TestInstance) -> None:
    """Terraform's update of configuration_id."""
    with a_group(demo, work_mem="9MB") as first, a_group(demo, work_mem="10MB") as second:
        attach(demo, instance, first)
        assert shown(demo, instance)["configuration"]["id"] == first
        detach(demo, instance)
        attach(demo, instance, second)
        assert setting(instance, "work_mem") == "10MB"
        status, name, message = fault(
            demo.call("PUT", f"/instances/{instance.id}", json={"instance": {"configuration": first}})
        )
        assert (status, name) == (400, "badRequest")
        assert f"already has configuration group {second} attached" in message
        detach(demo, instance)
        detach(demo, instance)
        assert "configuration" not in shown(demo, instance)
        assert setting(instance, "work_mem") == "2570kB"


def test_what_waits_for_a_restart_says_so_until_then(demo: Api, owner: Tenant, instance: TestInstance) -> None:
    def states() -> tuple[str, str]:
        seen = shown(demo, instance)
        return seen["status"], seen["operating_status"]

    def restart() -> None:
        owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
        follow(owner, "instance_restart", instance_id=instance.id)

    with a_group(demo, max_connections=66) as group:
        attach(demo, instance, group)
        assert states() == ("RESTART_REQUIRED", "RESTART_REQUIRED")
        assert setting(instance, "max_connections") == "51"
        restart()
        assert states() == ("ACTIVE", "HEALTHY")
        assert setting(instance, "max_connections") == "66"
        detach(demo, instance)
        assert states() == ("RESTART_REQUIRED", "RESTART_REQUIRED")
        restart()
        assert setting(instance, "max_connections") == "51"


def test_a_value_that_the_database_refuses(demo: Api, owner: Tenant, instance: TestInstance) -> None:
    with a_group(demo, timezone="Mars/Olympus", work_mem="9MB") as group:
        reply = demo.call("PUT", f"/instances/{instance.id}", json={"instance": {"configuration": group}})
        status, name, message = fault(reply)
        assert (status, name) == (422, "unprocessableEntity")
        assert 'invalid value for parameter "TimeZone": "Mars/Olympus"' in message
        seen = shown(demo, instance)
        assert (seen["status"], "fault" in seen, "configuration" in seen) == ("ACTIVE", False, False)
        assert setting(instance, "work_mem") == "2570kB"
        values = {"values": {"timezone": "UTC"}}
        assert demo.call("PATCH", f"/configurations/{group}", json={"configuration": values}).status_code == 200
        attach(demo, instance, group)

        values = {"values": {"timezone": "Mars/Olympus"}}
        status, name, message = fault(demo.call("PUT", f"/configurations/{group}", json={"configuration": values}))
        assert (status, name) == (409, "conflict")
        assert "PostgreSQL refuses the settings" in message
        with pytest.raises(DemoError, match="ended as FAILED: configure: PostgreSQL refuses the settings"):
            follow(owner, "instance_configure", instance_id=instance.id)
        assert (setting(instance, "timezone"), setting(instance, "work_mem")) == ("UTC", "9MB")
        listed = demo.get(f"/configurations/{group}/instances", headers=LATEST)["instances"]
        assert [(item["id"], item["current"]) for item in listed] == [(instance.id, False)]
        seen = shown(demo, instance)
        assert (seen["status"], "fault" in seen, seen["configuration"]["id"]) == ("ACTIVE", False, group)
        detach(demo, instance)


@pytest.mark.usefixtures("product_environment")
def test_a_busy_instance_has_the_change_when_it_is_free(demo: Api, owner: Tenant, instance: TestInstance) -> None:
    with a_group(demo, work_mem="9MB") as group:
        attach(demo, instance, group)
        owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
        values = {"values": {"work_mem": "13MB"}}
        assert demo.call("PATCH", f"/configurations/{group}", json={"configuration": values}).status_code == 200
        follow(owner, "instance_restart", instance_id=instance.id)
        sweep.run(Nothing(), StepContext("sweep"))
        follow(owner, "instance_configure", instance_id=instance.id)
        assert setting(instance, "work_mem") == "13MB"
        detach(demo, instance)


def test_an_instance_can_be_made_with_a_group(demo: Api, owner: Tenant) -> None:
    with a_group(demo, work_mem="12MB", max_connections=44) as group:
        body = create_body("born-configured", "pw-of-tester-0")
        body["instance"]["configuration"] = f"{demo.root}/v1.0/{demo.project_id}/configurations/{group}"
        made = owner.request("POST", "/instances", body)["instance"]
        assert made["configuration"]["name"] == "group"
        follow(owner, "instance_create", instance_id=made["id"])
        seen = demo.get(f"/instances/{made['id']}")["instance"]
        born = TestInstance(made["id"], seen["ip"][0], "pw-of-tester-0")
        assert seen["status"] == "ACTIVE"
        assert (setting(born, "work_mem"), setting(born, "max_connections")) == ("12MB", "44")
        assert fault(demo.call("DELETE", f"/configurations/{group}"))[0] == 400
        delete_instance(owner, made["id"])


# -- python-troveclient ------------------------------------------------------------------------------------------------


def test_the_python_client(cloud: Cloud, owner: Tenant, instance: TestInstance) -> None:
    client: Any = Client(session=cloud.session("demo"), service_type="database")
    group = client.configurations.create("by-client", '{"work_mem": "9MB"}', "words", "postgresql", "18")
    client.configurations.update(group.id, '{"work_mem": "11MB"}', name="renamed", description="other words")
    found = client.configurations.get(group.id)
    assert (found.name, found.description, found.values) == ("renamed", "other words", {"work_mem": "11MB"})
    client.instances.modify(instance.id, group.id)
    assert client.instances.get(instance.id).configuration["name"] == "renamed"
    assert [item.id for item in client.configurations.instances(group.id)] == [instance.id]
    client.instances.modify(instance.id)
    assert not hasattr(client.instances.get(instance.id), "configuration")
    assert client.configuration_parameters.get_parameter("postgresql", "18", "jit").type == "boolean"
    names = {parameter.name for parameter in client.configuration_parameters.parameters_by_version(VERSION.id)}
    assert names == set(VERSION.parameters())
    client.configurations.delete(group.id)

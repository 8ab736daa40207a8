"""What a tenant gets who asks for the wrong thing, and what a failed create leaves: a reason, and no trace."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from functions.base.statuses import InstanceStatus
from tests.support.api import LATEST, Api, fault, new_api
from tests.support.keystone_tokens import with_expiry
from tests.support.openstack import OpenStack
from tests.support.records import recorded
from tests.support.tenants import (
    TestInstance,
    an_instance,
    create_body,
    delete_instance,
    follow,
    project_id,
    tenant,
)
from tests.support.traces import traces

pytestmark = pytest.mark.usefixtures("product_environment")

UNKNOWN = "6f1d7c52-8a3e-4b57-9c0d-2e4b6a8c0f13"
HOUR = 3600.0
QUOTA_INSTANCES = 10
NEW = {"name": "db", "flavorRef": "1", "volume": {"size": 1}}
REASON = 'PostgreSQL refused: invalid LC_COLLATE locale name: "xx_YY"'


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """The tenant's API, to wait with."""
    return tenant(cloud)


@pytest.fixture(scope="module")
def instance(owner: Tenant) -> Iterator[TestInstance]:
    """An instance of the tenant."""
    with an_instance(owner, "refusals") as made:
        yield made


# -- a create that fails on the host ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def failed(owner: Tenant) -> Iterator[str]:
    """An instance whose database cannot be made; it is in ERROR."""
    body = create_body("failing", "a-password", databases=[{"name": "app", "collate": "xx_YY"}])
    instance_id = str(owner.request("POST", "/instances", body)["instance"]["id"])
    with pytest.raises(DemoError, match="instance_create ended as FAILED"):
        follow(owner, "instance_create", instance_id=instance_id)
    yield instance_id
    if instance_id in {shown["id"] for shown in owner.request("GET", "/instances")["instances"]}:
        delete_instance(owner, instance_id)


def test_failed_create_names_step_and_reason(demo: Api, failed: str) -> None:
    shown = demo.get(f"/instances/{failed}")["instance"]
    assert (shown["status"], shown["operating_status"]) == ("ERROR", "")
    assert shown["fault"]["message"] == f"instance_create, step job.run: create: {REASON}"
    assert shown["fault"]["details"] is None, "details are for administrators"
    [operation] = demo.get(f"/operations?instance_id={failed}", headers=LATEST)["operations"]
    told = demo.get(f"/operations/{operation['id']}", headers=LATEST)["operation"]
    assert (told["state"], told["error"]) == ("FAILED", {"step": "job.run", "message": f"create: {REASON}"})
    states = {step["name"]: step["state"] for step in told["steps"]}
    assert {name for name, state in states.items() if state == "ERROR"} == {"job.run"}
    assert {"record.abort", "job.cancel", "stack.delete", "record.fail"} < set(states)


def test_openstack_shows_the_fault(cloud: Cloud, failed: str) -> None:
    shown = OpenStack(cloud).json(f"database instance show {failed}")
    assert (shown["status"], shown["id"]) == ("ERROR", failed)
    assert REASON in shown["fault"]
    assert shown["fault_date"]


def test_failed_create_leaves_its_record_and_then_nothing(cloud: Cloud, owner: Tenant, failed: str) -> None:
    there = traces(cloud, project_id(cloud))
    assert f"trove-{failed}" not in there.stacks, "the stack of the failed create is left"
    assert there.hosts_with_processes == there.host_directories
    assert len(there.host_directories) == len(there.stacks), "a host is left that no stack has"
    delete_instance(owner, failed)
    after = traces(cloud, project_id(cloud))
    assert (after.stacks, after.host_directories) == (there.stacks, there.host_directories)
    assert after.usage.instances == there.usage.instances - 1
    with pytest.raises(DemoError, match="404"):
        owner.request("GET", f"/instances/{failed}")


# -- who asks --------------------------------------------------------------------------------------------------------


def test_expired_token(cloud: Cloud, demo: Api) -> None:
    for expires, status in ((time.time() + HOUR, 200), (time.time() - HOUR, 401)):
        token = with_expiry(cloud, demo.token, expires)
        assert demo.call("GET", "/limits", headers={"X-Auth-Token": token}).status_code == status
    assert fault(demo.call("GET", "/limits", headers={"X-Auth-Token": token}))[:2] == (401, "unauthorized")


def test_forged_and_damaged_tokens(demo: Api) -> None:
    for token in ("wrong", demo.token[:-6] + "AAAAAA", demo.token[::-1]):
        assert fault(demo.call("GET", "/instances", headers={"X-Auth-Token": token}))[:2] == (401, "unauthorized")


def test_revoked_token(cloud: Cloud) -> None:
    session = cloud.session("demo")
    caller = new_api(session)
    headers = {"X-Auth-Token": caller.token, "X-Subject-Token": caller.token}
    url = f"{session.get_endpoint(service_type='identity')}/auth/tokens"
    assert requests.delete(url, headers=headers, timeout=30).status_code == 204
    assert fault(caller.call("GET", "/instances"))[:2] == (401, "unauthorized")


def test_instance_of_another_project(other: Api, instance: TestInstance) -> None:
    for method, path, body in (
        ("GET", f"/instances/{instance.id}", None),
        ("DELETE", f"/instances/{instance.id}", None),
        ("GET", f"/instances/{instance.id}/backups", None),
        ("POST", f"/instances/{instance.id}/action", {"restart": {}}),
        ("POST", "/backups", {"backup": {"name": "b", "instance": instance.id}}),
    ):
        assert fault(other.call(method, path, json=body))[:2] == (404, "itemNotFound"), f"{method} {path}"
    assert instance.id not in {shown["id"] for shown in other.get("/instances")["instances"]}
    assert instance.query("SELECT 1") == [(1,)]


# -- what is asked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "expected", "words"),
    [
        ({"flavorRef": "99"}, (400, "badRequest"), "Flavor 99 cannot be found"),
        ({"flavorRef": UNKNOWN}, (400, "badRequest"), f"Flavor {UNKNOWN} cannot be found"),
        ({"datastore": {"version": "9.9"}}, (400, "badRequest"), "Datastore version '9.9' cannot be found"),
        ({"datastore": {"version": UNKNOWN}}, (400, "badRequest"), f"Datastore version '{UNKNOWN}' cannot be found"),
        ({"datastore": {"type": "oracle"}}, (404, "itemNotFound"), "oracle"),
        ({"volume": {"size": 11}}, (413, "overLimit"), "cannot exceed maximum of 10 GB"),
        ({"name": 5}, (400, "badRequest"), "instance['name'] is not of type 'string'"),
        ({"flavorRef": []}, (400, "badRequest"), "instance['flavorRef'] is not of type 'integer'"),
        ({"volume": 1}, (400, "badRequest"), "instance['volume'] is not of type 'object'"),
        ({"volume": {"size": "big"}}, (400, "badRequest"), "instance['volume']['size'] is not of type 'integer'"),
        ({"volume": {"size": 0}}, (400, "badRequest"), "instance['volume']['size'] is less than the minimum of 1"),
        ({"databases": {}}, (400, "badRequest"), "instance['databases'] is not of type 'array'"),
        ({"users": [{"name": "u"}]}, (400, "badRequest"), "instance['users'][0] 'password' is a required property"),
        ({"databases": [{"name": "postgres"}]}, (400, "badRequest"), "'postgres' is reserved"),
        ({"access": {"is_public": "yes"}}, (400, "badRequest"), "instance['access']['is_public'] is not of type"),
    ],
)
def test_refused_create(demo: Api, members: dict[str, Any], expected: tuple[int, str], words: str) -> None:
    status, name, message = fault(demo.call("POST", "/instances", json={"instance": NEW | members}))
    assert (status, name) == expected
    assert words in message


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/instances", b'{"instance": {', "The request body is not valid JSON"),
        ("/instances", b"[]", "body is not of type 'object'"),
        ("/instances", b"{}", "body 'instance' is a required property"),
        ("/backups", b'{"backup": {"name": 1, "instance": "x"}}', "backup['name'] is not of type 'string'"),
        (f"/instances/{UNKNOWN}/action", b'{"dance": {}}', "('dance' was unexpected)"),
    ],
)
def test_malformed_bodies(demo: Api, path: str, body: bytes, words: str) -> None:
    reply = demo.call("POST", path, data=body, headers={"Content-Type": "application/json"})
    status, name, message = fault(reply)
    assert (status, name) == (400, "badRequest")
    assert words in message


def test_password_of_a_refused_request_is_not_repeated(demo: Api) -> None:
    users = [{"name": "u", "password": "canary-" + "x" * 5000}]
    reply = demo.call("POST", "/instances", json={"instance": NEW | {"users": users}})
    assert fault(reply)[0] == 400
    assert "canary" not in reply.text


def test_over_quota(cloud: Cloud, other: Api) -> None:
    with recorded(project_id(cloud, "other"), QUOTA_INSTANCES, InstanceStatus.ERROR):
        status, name, message = fault(other.call("POST", "/instances", json={"instance": NEW}))
    assert (status, name) == (413, "overLimit")
    assert message == "Quota exceeded for resource 'instances': requested 1, in use 10, limit 10."


def test_busy(demo: Api, owner: Tenant, instance: TestInstance) -> None:
    assert demo.call("POST", f"/instances/{instance.id}/action", json={"restart": {}}).status_code == 202
    for method, path, body in (
        ("POST", f"/instances/{instance.id}/action", {"restart": {}}),
        ("POST", "/backups", {"backup": {"name": "b", "instance": instance.id}}),
        ("DELETE", f"/instances/{instance.id}", None),
    ):
        status, name, message = fault(demo.call(method, path, json=body))
        assert (status, name) == (422, "unprocessableEntity"), f"{method} {path}"
        assert f"Instance {instance.id} is not currently available for an action to be performed" in message
    follow(owner, "instance_restart", instance_id=instance.id)
    assert instance.query("SELECT 1") == [(1,)]

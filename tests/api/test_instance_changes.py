"""Changes of instances at the entrypoint: what is refused and how, and what changes in the row alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.cloud import Cloud
from functions.state.database import transaction
from functions.state.instances.models import Instance
from tests.support.api import LATEST, Api, fault, new_api
from tests.support.records import recorded

pytestmark = pytest.mark.usefixtures("product_environment")

BAD, NONE, BUSY, MISSING = (
    (400, "badRequest"),
    (404, "itemNotFound"),
    (422, "unprocessableEntity"),
    (501, "notImplemented"),
)


@pytest.fixture
def stored(demo: Api) -> Iterator[str]:
    """The id of an instance of the tenant without a host behind it."""
    with recorded(demo.project_id, 1) as [identifier]:
        yield identifier


def set_status(instance_id: str, status: str) -> None:
    with transaction() as session:
        session.get_one(Instance, instance_id).status = status


ACTIONS: list[tuple[dict[str, Any], tuple[int, str], str]] = [
    ({}, BAD, "exactly one action"),
    ({"restart": {}, "stop": {}}, BAD, "restart, stop"),
    ({"dance": {}}, BAD, "'dance' was unexpected"),
    ({"restart": {"hard": True}}, BAD, "'hard' was unexpected"),
    ({"resize": {}}, BAD, "exactly one new size"),
    ({"resize": None}, BAD, "not of type 'object'"),
    ({"resize": {"flavorRef": "99"}}, BAD, "Flavor 99 cannot be found"),
    ({"resize": {"flavorRef": "1"}}, BAD, "has flavor 1 already"),
    ({"resize": {"flavorRef": "2", "volume": {"size": 2}}}, BAD, "exactly one new size"),
    ({"resize": {"volume": {"size": 1}}}, BAD, "must be larger"),
    ({"resize": {"volume": 1}}, BAD, "must be larger"),
    ({"resize": {"volume": {"size": 0}}}, BAD, "minimum of 1"),
    ({"resize": {"volume": {"size": 11}}}, (413, "overLimit"), "maximum of 10"),
    ({"reset_status": {}}, (403, "forbidden"), "instance:reset_status"),
    ({"reset_status": {"force_delete": True}}, (403, "forbidden"), "instance:reset_status"),
    ({"promote_to_replica_source": {}}, BAD, "is not a replica."),
    ({"eject_replica_source": {}}, BAD, "is not a replica source."),
    ({"start": {}}, BUSY, "status was ACTIVE"),
]


@pytest.mark.parametrize(("body", "expected", "said"), ACTIONS, ids=[str(action[0]) for action in ACTIONS])
def test_refused_actions(demo: Api, stored: str, body: dict[str, Any], expected: tuple[int, str], said: str) -> None:
    *status_and_name, message = fault(demo.call("POST", f"/instances/{stored}/action", json=body, headers=LATEST))
    assert tuple(status_and_name) == expected
    assert said in message


@pytest.mark.parametrize("action", ["stop", "start"])
def test_stop_and_start_are_there_from_1_1(demo: Api, stored: str, action: str) -> None:
    reply = demo.call("POST", f"/instances/{stored}/action", json={action: {}})
    assert fault(reply)[:2] == BAD
    assert "1.1" in fault(reply)[2]


@pytest.mark.parametrize(
    "body", [{"resize": {"flavorRef": "2"}}, {"resize": {"volume": {"size": 2}}}, {"stop": {}}], ids=str
)
def test_only_active_instances_change(demo: Api, stored: str, body: dict[str, Any]) -> None:
    set_status(stored, "ERROR")
    reply = demo.call("POST", f"/instances/{stored}/action", json=body, headers=LATEST)
    assert fault(reply)[:2] == BUSY


UPDATES: list[tuple[dict[str, Any], tuple[int, str], str]] = [
    ({"tags": ["a"], "deletion_protection": True}, BAD, "Only one attribute"),
    ({"access": {"is_public": True}, "datastore_version": "18"}, BAD, "Only one attribute"),
    ({"name": ""}, BAD, "too short"),
    ({"name": None}, BAD, "must not be null"),
    ({"colour": "blue"}, BAD, "'colour' was unexpected"),
    ({"access": {"is_public": True, "ports": []}}, BAD, "'ports' was unexpected"),
    ({"access": {"allowed_cidrs": ["300.0.0.0/8"]}}, BAD, "300"),
    ({"access": {"allowed_cidrs": ["10.0.0.0"]}}, BAD, "does not match"),
    ({"access": None}, BAD, "must not be null"),
    ({"datastore_version": "9.9"}, BAD, "'9.9' cannot be found"),
    ({"datastore_version": "17"}, BAD, "'17' cannot be found"),
    ({"replica_of": None}, BAD, "is not a replica"),
    ({"slave_of": ""}, BAD, "is not a replica"),
    ({"replica_of": "6f1e2a4c-8d70-4e6f-9b65-0f4a3e1cbe11"}, BAD, "create a replica"),
    ({"tags": ["a,b"]}, BAD, "does not match"),
    ({"tags": [str(number) for number in range(51)]}, BAD, "more than 50"),
]


@pytest.mark.parametrize("update", UPDATES, ids=[str(update[0])[:60] for update in UPDATES])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_refused_updates(
    demo: Api, stored: str, method: str, update: tuple[dict[str, Any], tuple[int, str], str]
) -> None:
    members, expected, said = update
    reply = demo.call(method, f"/instances/{stored}", json={"instance": members}, headers=LATEST)
    assert fault(reply)[:2] == expected
    assert said in fault(reply)[2]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_rename_needs_no_idle_instance(demo: Api, stored: str, method: str) -> None:
    set_status(stored, "BUILD")
    reply = demo.call(method, f"/instances/{stored}", json={"instance": {"name": "renamed"}})
    assert (reply.status_code, reply.content) == (202, b"")
    assert demo.get(f"/instances/{stored}")["instance"]["name"] == "renamed"


def test_marks_are_there_from_1_1(demo: Api, stored: str) -> None:
    for members in ({"tags": ["a"]}, {"deletion_protection": True}):
        assert fault(demo.call("PUT", f"/instances/{stored}", json={"instance": members}))[:2] == BAD
        body = {"instance": {"name": "marked"} | members}
        assert demo.call("PUT", f"/instances/{stored}", json=body, headers=LATEST).status_code == 202
    shown = demo.get(f"/instances/{stored}", headers=LATEST)["instance"]
    assert (shown["tags"], shown["deletion_protection"], shown["name"]) == (["a"], True, "marked")
    assert "tags" not in demo.get(f"/instances/{stored}")["instance"]
    assert fault(demo.call("DELETE", f"/instances/{stored}"))[:2] == (409, "conflict")
    assert demo.get(f"/instances/{stored}")["instance"]["status"] == "ACTIVE"


def test_another_project_changes_nothing(cloud: Cloud, stored: str) -> None:
    other = new_api(cloud.session("other"))
    reply = other.call("PUT", f"/instances/{stored}", json={"instance": {"name": "stolen"}})
    assert fault(reply)[:2] == NONE
    actions: list[dict[str, Any]] = [{"resize": {"flavorRef": "2"}}, {"stop": {}}, {"reset_status": {}}]
    for action in actions:
        assert fault(other.call("POST", f"/instances/{stored}/action", json=action, headers=LATEST))[:2] == NONE


def test_administrators_reach_every_instance(demo: Api, admin: Api, stored: str) -> None:
    assert admin.get(f"/instances/{stored}")["instance"]["tenant_id"] == demo.project_id
    assert admin.call("POST", f"/instances/{stored}/action", json={"reset_status": {}}).status_code == 202
    shown = demo.get(f"/instances/{stored}")["instance"]
    assert (shown["status"], shown["operating_status"]) == ("ERROR", "")
    assert "reset by an administrator" in shown["fault"]["message"]

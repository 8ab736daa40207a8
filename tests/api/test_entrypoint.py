"""The entrypoint on the embedded cloud: tokens, projects, microversions, faults, catalog and paging."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from deploy.local.cloud import Cloud
from functions.base.clock import now
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation
from tests.support.api import LATEST, Api, fault, new_api

pytestmark = pytest.mark.usefixtures("product_environment")

UUID = "6f1d7c52-8a3e-4b57-9c0d-2e4b6a8c0f13"
VERSION_ID = "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a18"
INSTANCE = {"name": "db", "flavorRef": "1", "volume": {"size": 1}}


@pytest.fixture
def stored(demo: Api) -> Iterator[list[str]]:
    """Ids of five instances of the tenant, each with a backup and an operation of the same id; no hosts behind them."""
    identifiers = sorted(str(uuid.uuid4()) for _ in range(5))
    with transaction() as session:
        for age, identifier in enumerate(identifiers):
            _store(session, demo.project_id, identifier, age)
    yield identifiers
    with transaction() as session:
        for kind in (Operation, Backup, Instance):
            for identifier in identifiers:
                session.delete(session.get_one(kind, identifier))
            session.flush()


def _store(session: Any, project_id: str, identifier: str, age: int) -> None:  # noqa: ANN401 - a Session
    created = now() - timedelta(minutes=age)
    common = {"id": identifier, "project_id": project_id, "created": created}
    version = {"datastore_version_id": VERSION_ID, "volume_size": 1}
    session.add(
        Instance(
            **common,
            **version,
            name="stored",
            flavor_id="1",
            flavor_name="small",
            memory_mb=1,
            cpus=1,
            region="RegionOne",
            status="ACTIVE",
        )
    )
    session.flush()
    session.add(Backup(**common, **version, name="stored", instance_id=identifier, status="COMPLETED"))
    session.flush()
    session.add(
        Operation(
            **common,
            user_id="u",
            request_id="req-stored",
            type="instance_restart",
            state="SUCCEEDED",
            instance_id=identifier,
            backup_id=identifier,
            deadline=created,
        )
    )


# -- tokens and projects ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "wrong", "gAAAAABn-not-a-token"])
def test_requests_without_a_valid_token_are_unauthorized(demo: Api, token: str) -> None:
    reply = demo.call("GET", "/instances", headers={"X-Auth-Token": token})
    assert fault(reply)[:2] == (401, "unauthorized")
    assert reply.headers["WWW-Authenticate"].startswith("Keystone uri=")


def test_revoked_token_is_unauthorized(cloud: Cloud) -> None:
    session = cloud.session("demo")
    caller = new_api(session)
    headers = {"X-Auth-Token": caller.token, "X-Subject-Token": caller.token}
    revoked = requests.delete(
        f"{session.get_endpoint(service_type='identity')}/auth/tokens", headers=headers, timeout=30
    )
    assert revoked.status_code == 204, revoked.text
    assert fault(caller.call("GET", "/instances"))[:2] == (401, "unauthorized")


def test_the_path_names_the_project_of_the_token(demo: Api, other: Api, admin: Api) -> None:
    for caller in (other, admin):
        reply = caller.send("GET", f"/v1.0/{demo.project_id}/instances")
        assert fault(reply)[:2] == (403, "forbidden")


def test_what_another_project_owns_is_not_found(other: Api, stored: list[str]) -> None:
    for path in (f"/instances/{stored[0]}", f"/backups/{stored[0]}", f"/instances/{stored[0]}/backups"):
        assert fault(other.call("GET", path))[:2] == (404, "itemNotFound")
    for path in (f"/instances/{stored[0]}", f"/backups/{stored[0]}"):
        assert fault(other.call("DELETE", path))[:2] == (404, "itemNotFound")
    reply = other.call("POST", f"/instances/{stored[0]}/action", json={"restart": {}})
    assert fault(reply)[:2] == (404, "itemNotFound")
    reply = other.call("POST", "/backups", json={"backup": {"name": "b", "instance": stored[0]}})
    assert fault(reply)[:2] == (404, "itemNotFound")
    restore = INSTANCE | {"restorePoint": {"backupRef": stored[0]}}
    assert fault(other.call("POST", "/instances", json={"instance": restore}))[:2] == (404, "itemNotFound")
    assert fault(other.call("GET", f"/operations/{stored[0]}", headers=LATEST))[:2] == (404, "itemNotFound")
    assert other.get(f"/operations?instance_id={stored[0]}", headers=LATEST) == {"operations": []}
    assert other.get(f"/backups?instance_id={stored[0]}") == {"backups": []}


def test_only_administrators_list_the_backups_of_another_project(demo: Api, admin: Api, stored: list[str]) -> None:
    listed = admin.get(f"/backups?project_id={demo.project_id}&limit=5")["backups"]
    assert {backup["project_id"] for backup in listed} == {demo.project_id}
    assert stored
    for query in (f"project_id={admin.project_id}", "all_projects=True"):
        assert fault(demo.call("GET", f"/backups?{query}"))[:2] == (403, "forbidden")


def test_administrators_see_who_owns_an_instance(demo: Api, stored: list[str]) -> None:
    assert "tenant_id" not in demo.get(f"/instances/{stored[0]}")["instance"]


# -- microversions and faults ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "given"), [(None, "1.0"), ("database 1.0", "1.0"), ("database 1.1", "1.1"), ("database latest", "1.2")]
)
def test_microversion_is_agreed_on(demo: Api, asked: str | None, given: str) -> None:
    reply = demo.call("GET", "/limits", headers={"OpenStack-API-Version": asked} if asked else {})
    assert reply.headers["OpenStack-API-Version"] == f"database {given}"
    assert reply.headers["Vary"] == "OpenStack-API-Version"


def test_microversion_that_is_not_served(demo: Api) -> None:
    reply = demo.call("GET", "/limits", headers={"OpenStack-API-Version": "database 1.99"})
    assert fault(reply)[:2] == (406, "notAcceptable")


def test_operations_are_there_from_1_1(demo: Api) -> None:
    assert fault(demo.call("GET", "/operations"))[:2] == (404, "itemNotFound")
    assert "operations" in demo.get("/operations", headers=LATEST)


def test_unknown_paths_and_methods(demo: Api) -> None:
    for method, path in (("PUT", "/flavors"), ("GET", "/nothing"), ("HEAD", "/instances")):
        reply = requests.request(method, f"{demo.root}/v1.0/{demo.project_id}{path}", timeout=30)
        assert reply.status_code == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The request body is not valid JSON"),
        (b"", "The request has no body"),
        (b'{"instance":{"name":"---"}}', "Validation error: instance['name'] does not match"),
        (b'{"instance":{"name":"a"}}', "Validation error: instance 'flavorRef' is a required property"),
    ],
)
def test_malformed_bodies_name_field_and_rule(demo: Api, body: bytes, message: str) -> None:
    reply = demo.call("POST", "/instances", data=body, headers={"Content-Type": "application/json"})
    status, name, said = fault(reply)
    assert (status, name) == (400, "badRequest")
    assert said.startswith(message)


def test_body_that_is_not_json(demo: Api) -> None:
    reply = demo.call("POST", "/instances", data=b"<instance/>", headers={"Content-Type": "application/xml"})
    assert fault(reply)[:2] == (415, "badMediaType")


def test_body_that_is_too_large(demo: Api) -> None:
    body = b'{"instance":{"name":"' + b"a" * 1_048_576 + b'"}}'
    reply = demo.call("POST", "/instances", data=body, headers={"Content-Type": "application/json"})
    assert fault(reply)[:2] == (413, "overLimit")


@pytest.mark.parametrize(
    ("members", "status", "name"),
    [
        ({"flavorRef": "99"}, 400, "badRequest"),
        ({"datastore": {"version": "9.9"}}, 400, "badRequest"),
        ({"datastore": {"type": "oracle"}}, 404, "itemNotFound"),
        ({"volume": {"size": 100_000}}, 413, "overLimit"),
        ({"datastore": {"type": "memcached"}}, 400, "badRequest"),
        ({"restorePoint": {"backupRef": UUID}}, 404, "itemNotFound"),
        ({"replica_of": UUID}, 404, "itemNotFound"),
        ({"nics": [{"port-id": UUID}]}, 400, "badRequest"),
    ],
)
def test_refused_instances(demo: Api, members: dict[str, object], status: int, name: str) -> None:
    before = demo.get("/instances")
    assert fault(demo.call("POST", "/instances", json={"instance": INSTANCE | members}))[:2] == (status, name)
    assert demo.get("/instances") == before


def test_restore_needs_room_and_a_finished_backup(demo: Api, stored: list[str]) -> None:
    with transaction() as session:
        session.get_one(Backup, stored[0]).status = "BUILDING"
        session.get_one(Backup, stored[1]).volume_size = 2
    for identifier, expected in ((stored[0], (409, "conflict")), (stored[1], (403, "forbidden"))):
        restore = INSTANCE | {"restorePoint": {"backupRef": identifier}}
        assert fault(demo.call("POST", "/instances", json={"instance": restore}))[:2] == expected


def test_busy_instances_are_refused(demo: Api, stored: list[str]) -> None:
    with transaction() as session:
        session.get_one(Instance, stored[0]).status = "BUILD"
    reply = demo.call("POST", "/backups", json={"backup": {"name": "b", "instance": stored[0]}})
    status, name, message = fault(reply)
    assert (status, name) == (422, "unprocessableEntity")
    assert "is not currently available for an action to be performed" in message


def test_doubled_slashes_are_harmless(demo: Api) -> None:
    reply = requests.get(
        f"{demo.root}//v1.0//{demo.project_id}//limits/", headers={"X-Auth-Token": demo.token}, timeout=30
    )
    assert reply.status_code == 200


# -- catalog -----------------------------------------------------------------------------------------------------------


def test_datastores(demo: Api) -> None:
    listed = demo.get("/datastores")["datastores"]
    postgresql = next(datastore for datastore in listed if datastore["name"] == "postgresql")
    for reference in ("postgresql", postgresql["id"]):
        assert demo.get(f"/datastores/{reference}") == {"datastore": postgresql}
    assert postgresql["default_version"] in {version["id"] for version in postgresql["versions"]}
    versions = demo.get("/datastores/postgresql/versions")["versions"]
    assert {version["datastore"] for version in versions} == {postgresql["id"]}
    for path in ("postgresql/versions/18", f"postgresql/versions/{VERSION_ID}", f"versions/{VERSION_ID}"):
        assert demo.get(f"/datastores/{path}")["version"]["name"] == "18"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/datastores/oracle", 404),
        ("/datastores/oracle/versions", 404),
        ("/datastores/postgresql/versions/9", 400),
        (f"/datastores/versions/{UUID}", 400),
        ("/flavors/99", 404),
        ("/flavors/db.tiny", 404),
        ("/instances/a-name", 404),
        (f"/backups/{UUID}", 404),
    ],
)
def test_unknown_things(demo: Api, path: str, status: int) -> None:
    assert fault(demo.call("GET", path))[0] == status


def test_flavors(demo: Api) -> None:
    flavors = demo.get("/flavors")["flavors"]
    assert demo.get("/datastores/postgresql/versions/18/flavors") == {"flavors": flavors}
    for flavor in flavors:
        assert demo.get(f"/flavors/{flavor['id']}") == {"flavor": flavor}


def test_first_limit_is_the_absolute_one(demo: Api) -> None:
    assert demo.get("/limits")["limits"][0]["verb"] == "ABSOLUTE"


# -- paging ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plural", ["instances", "instances/detail", "backups", "operations"])
def test_following_the_links_shows_everything_once(demo: Api, stored: list[str], plural: str) -> None:
    member = plural.partition("/")[0]
    seen, target = list[str](), f"/v1.0/{demo.project_id}/{plural}?limit=2&kept=%26"
    while target:
        body = demo.send("GET", target, headers=LATEST).json()
        assert len(body[member]) <= 2
        seen += [item["id"] for item in body[member]]
        following = body.get("links", [])
        assert following == body.get(f"{member}_links", [])
        assert all(link["href"].startswith(demo.root) and "kept=%26" in link["href"] for link in following)
        target = following[0]["href"].removeprefix(demo.root) if following else ""
    assert len(seen) == len(set(seen))
    assert set(stored) <= set(seen)


def test_instances_of_a_page_come_newest_first(demo: Api, stored: list[str]) -> None:
    created = [instance["created"] for instance in demo.get("/instances/detail")["instances"]]
    assert stored
    assert created == sorted(created, reverse=True)


def test_backups_of_an_instance(demo: Api, stored: list[str]) -> None:
    for path in (f"/instances/{stored[0]}/backups", f"/backups?instance_id={stored[0]}&datastore=postgresql"):
        assert [backup["id"] for backup in demo.get(path)["backups"]] == [stored[0]]
    assert fault(demo.call("GET", "/backups?datastore=oracle"))[0] == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=-1", "marker=x", "marker=%00"])
@pytest.mark.parametrize("plural", ["instances", "backups"])
def test_page_parameters_that_make_no_sense(demo: Api, plural: str, query: str) -> None:
    assert fault(demo.call("GET", f"/{plural}?{query}"))[:2] == (400, "badRequest")

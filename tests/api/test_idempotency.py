"""Idempotency-Key: one effect and one answer however often, and however much at once, a request is repeated."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from functions.base.clock import now
from functions.base.errors import Busy, Conflict
from functions.base.settings import get_settings
from functions.operations import instance_create
from functions.state.database import transaction
from functions.state.idempotency import idempotency
from functions.state.idempotency.idempotency import KeyedRequest
from functions.state.idempotency.models import IdempotencyKey
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from tests.support.api import LATEST, Api, fault, new_api
from tests.support.operations import new_instance
from tests.support.records import recorded
from tests.support.tenants import create_body, delete_instance, follow, tenant

AT_ONCE = 8


# -- the rows, on each database ----------------------------------------------------------------------------------------


def keyed(fingerprint: str = "body") -> KeyedRequest:
    return KeyedRequest(f"idempotency-{uuid.uuid4()}", "key", fingerprint)


@pytest.mark.usefixtures("state")
def test_the_first_answer_is_given_again() -> None:
    request = keyed()
    assert idempotency.claim(request) is None
    idempotency.keep(request, {"password": "canary"})
    again = idempotency.claim(request)
    assert again and again.reply == {"password": "canary"}


@pytest.mark.usefixtures("state")
def test_another_body_under_the_key_is_refused() -> None:
    request = keyed()
    idempotency.claim(request)
    with pytest.raises(Busy, match="used for another request"):
        idempotency.claim(KeyedRequest(request.project_id, request.key, "other body"))


@pytest.mark.usefixtures("state")
def test_a_refused_request_gives_its_key_back() -> None:
    request = keyed()
    idempotency.claim(request)
    idempotency.release(request)
    assert idempotency.claim(request) is None


@pytest.mark.usefixtures("state")
def test_many_at_once_have_one_effect() -> None:
    request = keyed()

    def claim() -> str:
        try:
            return "mine" if idempotency.claim(request) is None else "answered"
        except Conflict:
            return "in progress"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = sorted(future.result() for future in [pool.submit(claim) for _ in range(AT_ONCE)])
    assert seen == ["in progress"] * (AT_ONCE - 1) + ["mine"]


@pytest.mark.usefixtures("state")
def test_a_request_that_was_cut_short_before_its_effect_is_carried_out_anew() -> None:
    request = keyed()
    idempotency.claim(request)
    with pytest.raises(Conflict, match="still being answered"):
        idempotency.claim(request)
    grow_older(request, timedelta(seconds=get_settings().idempotency_takeover_seconds))
    assert idempotency.claim(request) is None


@pytest.mark.usefixtures("state")
def test_expired_keys_are_forgotten() -> None:
    old, young = keyed(), keyed()
    for request in (old, young):
        idempotency.claim(request)
        idempotency.keep(request, None)
    grow_older(old, timedelta(hours=get_settings().idempotency_keep_hours))
    idempotency.forget_expired()
    with transaction() as session:
        assert session.get(IdempotencyKey, (old.project_id, old.key)) is None
    again = idempotency.claim(young)
    assert again and again.reply is None


@pytest.mark.usefixtures("state")
def test_an_operation_in_another_project_is_tied_to_the_key_of_the_one_who_asked() -> None:
    request = keyed()
    idempotency.claim(request)
    caller = Caller(f"owner-{uuid.uuid4()}", "admin", "req-admin", (request.project_id, request.key))
    _, operation = instance_create.accept_create(new_instance("a"), caller)
    with transaction() as session:
        row = session.get_one(IdempotencyKey, (request.project_id, request.key))
    assert row.operation_id == operation.id
    grow_older(request, timedelta(seconds=get_settings().idempotency_takeover_seconds))
    with pytest.raises(Conflict, match=f"accepted as operation {operation.id}"):
        idempotency.claim(request)


def grow_older(request: KeyedRequest, age: timedelta) -> None:
    """Let a key have been taken so long ago."""
    with transaction() as session:
        session.get_one(IdempotencyKey, (request.project_id, request.key)).created = now() - age - timedelta(seconds=1)


# -- the header, end to end --------------------------------------------------------------------------------------------


@pytest.fixture
def owner(cloud: Cloud, product_environment: dict[str, str]) -> Tenant:
    """The same, as one that follows operations."""
    return tenant(cloud)


@pytest.fixture
def key() -> str:
    """A key that nobody else uses."""
    return f"key-{uuid.uuid4()}"


@pytest.fixture
def group_name(demo: Api) -> Iterator[str]:
    """Name of configuration groups that are deleted in the end."""
    name = f"idempotency-{uuid.uuid4()}"
    yield name
    for identifier in groups(demo, name):
        demo.call("DELETE", f"/configurations/{identifier}")


def groups(demo: Api, name: str) -> list[str]:
    """Ids of the configuration groups of a name."""
    return [group["id"] for group in demo.get("/configurations")["configurations"] if group["name"] == name]


def group_body(name: str, **values: object) -> dict[str, Any]:
    """The body of a request for a configuration group."""
    return {"configuration": {"name": name, "values": values}}


def post(demo: Api, path: str, key: str, body: dict[str, Any]) -> requests.Response:
    """Send a request under a key."""
    return demo.call("POST", path, headers=LATEST | {"Idempotency-Key": key}, json=body)


def test_an_instance_is_created_once_however_often_it_is_asked_for_at_once(demo: Api, owner: Tenant, key: str) -> None:
    body = create_body("idempotency", "a-password")

    def create() -> requests.Response:
        return post(demo, "/instances", key, body)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = [future.result() for future in [pool.submit(create) for _ in range(AT_ONCE)]]
    accepted = [reply for reply in replies if reply.status_code == 200]
    assert accepted
    assert all(fault(reply)[:2] == (409, "conflict") for reply in replies if reply not in accepted)
    again = post(demo, "/instances", key, body)
    assert {reply.content for reply in accepted} == {again.content}
    instance_id = again.json()["instance"]["id"]
    try:
        assert [found["id"] for found in demo.get("/instances")["instances"]].count(instance_id) == 1
        with transaction() as session:
            assert session.query(Operation).filter_by(instance_id=instance_id).count() == 1
        other = post(demo, "/instances", key, create_body("idempotency", "another-password"))
        assert fault(other)[:2] == (422, "unprocessableEntity")
        follow(owner, "instance_create", instance_id=instance_id)
    finally:
        delete_instance(owner, instance_id)


def test_what_is_no_operation_is_done_once_too(demo: Api, group_name: str, key: str) -> None:
    first, second = (post(demo, "/configurations", key, group_body(group_name, work_mem="8MB")) for _ in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert len(groups(demo, group_name)) == 1


def test_a_refusal_is_not_kept(demo: Api, group_name: str, key: str) -> None:
    assert fault(post(demo, "/configurations", key, group_body(group_name, work_mem="much")))[0] == 422
    assert post(demo, "/configurations", key, group_body(group_name, work_mem="8MB")).status_code == 200


def test_the_header_counts_from_1_1(demo: Api, group_name: str, key: str) -> None:
    for _ in range(2):
        reply = demo.call(
            "POST", "/configurations", headers={"Idempotency-Key": key}, json=group_body(group_name, work_mem="8MB")
        )
        assert reply.status_code == 200
    assert len(groups(demo, group_name)) == 2


def test_another_path_or_project_is_another_request(cloud: Cloud, demo: Api, group_name: str, key: str) -> None:
    body = group_body(group_name, work_mem="8MB")
    made = post(demo, "/configurations", key, body).json()["configuration"]["id"]
    changed = demo.call(
        "PATCH", f"/configurations/{made}", headers=LATEST | {"Idempotency-Key": key}, json={"configuration": {}}
    )
    assert fault(changed)[:2] == (422, "unprocessableEntity")
    other = new_api(cloud.session("other"))
    theirs = post(other, "/configurations", key, body)
    assert theirs.status_code == 200
    other.call("DELETE", f"/configurations/{theirs.json()['configuration']['id']}")


@pytest.mark.parametrize("key", ["", "a" * 256, "with a space", "tab\tin it"])
def test_keys_that_are_none(demo: Api, key: str) -> None:
    assert fault(post(demo, "/configurations", key, group_body("a")))[:2] == (400, "badRequest")


def test_an_administrator_acts_once_on_an_instance_of_another_project(cloud: Cloud, demo: Api, key: str) -> None:
    admin = new_api(cloud.session("admin"))
    with recorded(demo.project_id, 1) as (identifier,):
        replies = [
            post(admin, f"/mgmt/instances/{identifier}/action", key, {"reset-task-status": {}}) for _ in range(2)
        ]
    assert [reply.status_code for reply in replies] == [202, 202]

"""Databases, users, grants and root of a running instance: codes, quirks, and what the engine then has."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
import requests

from deploy.local.cloud import Cloud
from functions.base.statuses import InstanceStatus, OperationState
from tests.support.api import LATEST, Api, fault, new_api
from tests.support.records import recorded
from tests.support.tenants import TestInstance, an_instance, tenant


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> Api:
    return new_api(cloud.session("demo"))


@pytest.fixture(scope="module")
def instance(cloud: Cloud) -> Iterator[TestInstance]:
    """An instance with the database `app` and its user `tester`."""
    with an_instance(tenant(cloud), "accounts") as made:
        yield made


@pytest.fixture
def at(api: Api, instance: TestInstance) -> "At":
    return At(api, f"/instances/{instance.id}")


class At:
    """The API below one instance."""

    def __init__(self, api: Api, path: str) -> None:
        self._api, self._path = api, path

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        return self._api.call(method, self._path + path, json=body)

    def unchecked(self, method: str, path: str, body: object) -> requests.Response:
        """The reply to a path that the specification does not have as it is written."""
        url = f"{self._api.root}/v1.0/{self._api.project_id}{self._path}{path}"
        return requests.request(method, url, json=body, headers={"X-Auth-Token": self._api.token}, timeout=30)

    def get(self, path: str) -> dict[str, Any]:
        return self._api.get(self._path + path)

    def done(self, method: str, path: str, body: object = None) -> None:
        """A change that is accepted and succeeds."""
        reply = self.call(method, path, body)
        assert (reply.status_code, reply.content) == (202, b""), reply.text
        while (operation := self.newest()) and operation["ended"] is None:
            time.sleep(0.05)
        assert operation["state"] == OperationState.SUCCEEDED, operation

    def newest(self) -> dict[str, Any]:
        """The instance's newest operation."""
        instance_id = self._path.rpartition("/")[2]
        found = self._api.get(f"/operations?instance_id={instance_id}&limit=1", headers=LATEST)
        operation: dict[str, Any] = found["operations"][0]
        return operation

    def refused(self, method: str, path: str, body: object = None) -> tuple[int, str, str]:
        """Status, name and message of the fault."""
        return fault(self.call(method, path, body))

    def names(self) -> list[str]:
        return [database["name"] for database in self.get("/databases")["databases"]]


def user(name: str, password: str = "pw", **more: object) -> dict[str, object]:
    return {"name": name, "password": password, **more}


def opens(instance: TestInstance, database: str, name: str, password: str) -> bool:
    try:
        psycopg2.connect(host=instance.host, dbname=database, user=name, password=password).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_databases(at: At) -> None:
    assert at.names() == ["app"]
    at.done("POST", "/databases", {"databases": [{"name": "b.c"}, {"name": "a/d", "character_set": "LATIN1"}]})
    at.done("POST", "/databases", {"database": {"name": "sdk"}})
    assert at.names() == ["a/d", "app", "b.c", "sdk"]
    page = at.get("/databases?limit=2")
    assert [item["name"] for item in page["databases"]] == ["a/d", "app"]
    assert page["links"] == page["databases_links"]
    assert [item["name"] for item in at.get("/databases?limit=2&marker=app")["databases"]] == ["b.c", "sdk"]
    for name in ("a%2Fd", "b%2ec", "sdk"):
        at.done("DELETE", f"/databases/{name}")
    assert at.names() == ["app"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/databases", {"databases": [{"name": "app"}]}, 400, "'app' already exists"),
        ("POST", "/databases", {"databases": [{"name": "x"}, {"name": "x"}]}, 400, "more than once"),
        ("POST", "/databases", {"databases": [{"name": "template1"}]}, 400, "reserved"),
        ("POST", "/databases", {"databases": [{"name": "a\nb"}]}, 400, "no name can have"),
        ("POST", "/databases", {"databases": [{"name": "x" * 64}]}, 400, "1 to 63 bytes"),
        ("POST", "/databases", {"databases": []}, 400, "databases"),
        ("POST", "/databases", {}, 400, "databases"),
        ("GET", "/databases/app", None, 501, "list the databases"),
        ("DELETE", "/databases/nosuch", None, 404, "'nosuch'"),
        ("DELETE", "/databases/postgres", None, 404, "'postgres'"),
        ("POST", "/users", {"users": [user("tester")]}, 400, "'tester@%' already exists"),
        ("POST", "/users", {"users": [user("root")]}, 400, "reserved"),
        ("POST", "/users", {"users": [user("pg_x")]}, 400, "reserved"),
        ("POST", "/users", {"users": [user("u", host="10.0.0.1")]}, 400, "no host"),
        ("POST", "/users", {"users": [user("u", databases=[{"name": "nosuch"}])]}, 400, "'nosuch'"),
        ("POST", "/users", {"users": [user("u", "a\0b")]}, 400, "password"),
        ("POST", "/users", {"users": [{"name": "u"}]}, 400, "password"),
        ("PUT", "/users", {"users": [user("nosuch")]}, 404, "'nosuch@%'"),
        ("PUT", "/users", {"users": [user("tester"), user("tester")]}, 400, "more than once"),
        ("GET", "/users/nosuch", None, 404, "'nosuch'"),
        ("GET", "/users/root", None, 404, "'root'"),
        ("GET", "/users/tester@10.0.0.1", None, 404, "tester@10.0.0.1"),
        ("PUT", "/users/tester", {"user": {}}, 400, "at least one of"),
        ("PUT", "/users/tester", {"user": {"name": "postgres"}}, 400, "reserved"),
        ("PUT", "/users/tester", {"user": {"host": "10.0.0.1"}}, 400, "no host"),
        ("PUT", "/users/nosuch", {"user": {"name": "x"}}, 404, "'nosuch'"),
        ("DELETE", "/users/os_admin", None, 404, "'os_admin'"),
        ("PUT", "/users/tester/databases", {"databases": [{"name": "nosuch"}]}, 404, "'nosuch'"),
        ("PUT", "/users/nosuch/databases", {"databases": [{"name": "app"}]}, 404, "'nosuch'"),
        ("DELETE", "/users/tester/databases/nosuch", None, 404, "not granted"),
        ("DELETE", "/root", None, 404, "never been enabled"),
        ("POST", "/root", {"password": ""}, 400, "password"),
    ],
)
def test_what_is_refused(at: At, method: str, path: str, body: object, status: int, words: str) -> None:  # noqa: PLR0917
    told, _, message = at.refused(method, path, body)
    assert (told, words in message) == (status, True), message


def test_users_and_their_access(at: At, instance: TestInstance) -> None:
    at.done("POST", "/databases", {"databases": [{"name": "two"}]})
    at.done("POST", "/users", {"users": [user("al", databases=[{"name": "app"}]), user("b@c.d")]})
    at.done("POST", "/users", {"users": user("sdk")})
    shown = {item["name"]: item for item in at.get("/users")["users"]}
    assert sorted(shown) == ["al", "b@c.d", "sdk", "tester"]
    assert shown["al"] == {"name": "al", "host": "%", "databases": [{"name": "app"}]}
    page = at.get("/users?limit=1&marker=" + quote("al@%"))
    assert ([item["name"] for item in page["users"]], page["links"]) == (["b@c.d"], page["users_links"])

    for path in ("b@c.d", "b%40c%2ed", "b%40c%2ed%40%25"):
        assert at.get(f"/users/{path}")["user"] == {"name": "b@c.d", "host": "%", "databases": []}
    assert opens(instance, "app", "al", "pw")
    assert not opens(instance, "two", "al", "pw")
    assert at.unchecked("PUT", "//users//al@%25/databases", {"databases": [{"name": "two"}]}).status_code == 202
    assert at.get("/users/al/databases") == {"databases": [{"name": "app"}, {"name": "two"}]}
    assert opens(instance, "two", "al", "pw")
    at.done("DELETE", "/users/al/databases/app")
    assert at.get("/users/al/databases") == {"databases": [{"name": "two"}]}
    assert not opens(instance, "app", "al", "pw")

    at.done("PUT", "/users", {"users": [user("al", "second"), user("sdk", "second")]})
    assert opens(instance, "two", "al", "second")
    assert at.refused("PUT", "/users/al", {"user": {"name": "sdk"}})[0] == 400
    at.done("PUT", "/users/al", {"user": {"name": "al's", "password": "third\n'\\", "host": "%"}})
    assert opens(instance, "two", "al's", "third\n'\\")
    assert not opens(instance, "two", "al", "second")
    for path in ("al's", "b%40c%2ed", "sdk@%25"):
        at.done("DELETE", f"/users/{path}")
    at.done("DELETE", "/databases/two")
    assert [item["name"] for item in at.get("/users")["users"]] == ["tester"]


def test_root(at: At, instance: TestInstance) -> None:
    assert at.get("/root") == {"rootEnabled": False}
    first = at.call("POST", "/root").json()["user"]
    assert at.get("/root") == {"rootEnabled": True}
    assert first["name"] == "root"
    assert len(first["password"]) >= 32
    for database in ("app", "postgres"):
        assert opens(instance, database, "root", first["password"])
    second = at.call("POST", "/root", {}).json()["user"]
    assert not opens(instance, "app", "root", first["password"])
    assert opens(instance, "app", "root", second["password"])
    assert at.call("POST", "/root", {"password": "mine"}).json() == {"user": {"name": "root", "password": "mine"}}
    assert opens(instance, "app", "root", "mine")
    assert [item["name"] for item in at.get("/users")["users"]] == ["tester"]
    reply = at.call("DELETE", "/root")
    assert (reply.status_code, reply.content) == (204, b"")
    assert not opens(instance, "app", "root", "mine")
    assert at.get("/root") == {"rootEnabled": False}
    assert at.refused("DELETE", "/root")[0] == 404


def test_each_change_is_an_operation_and_the_instance_stays_active(api: Api, at: At, instance: TestInstance) -> None:
    for number in range(2):
        assert at.call("POST", "/databases", {"databases": [{"name": f"quick{number}"}]}).status_code == 202
        assert api.get(f"/instances/{instance.id}")["instance"]["status"] == InstanceStatus.ACTIVE
    assert at.names() == ["app", "quick0", "quick1"]
    for number in range(2):
        assert at.call("DELETE", f"/databases/quick{number}").status_code == 202
    assert at.names() == ["app"]
    found = api.get(f"/operations?instance_id={instance.id}", headers=LATEST)["operations"]
    assert [operation["type"] for operation in found[:4]] == ["database_delete"] * 2 + ["database_create"] * 2
    assert {operation["state"] for operation in found} == {OperationState.SUCCEEDED}


@pytest.mark.usefixtures("product_environment")
def test_an_instance_without_a_running_database(api: Api) -> None:
    with recorded(api.project_id, 1, InstanceStatus.BUILD) as [instance_id]:
        at = At(api, f"/instances/{instance_id}")
        for method, path, body in (
            ("GET", "/databases", None),
            ("GET", "/users", None),
            ("GET", "/root", None),
            ("POST", "/databases", {"databases": [{"name": "x"}]}),
            ("DELETE", "/users/x", None),
            ("POST", "/root", None),
        ):
            status, _, message = at.refused(method, path, body)
            assert (status, "status was BUILD" in message) == (422, True)
    nowhere = At(api, "/instances/00000000-0000-0000-0000-000000000000")
    assert nowhere.refused("GET", "/users")[0] == 404

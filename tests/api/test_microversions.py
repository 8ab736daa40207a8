"""Negotiation of microversions: which one a reply follows, what is refused, and that 1.1 only adds to 1.0."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from api_spec.generate import SPECIFICATION
from api_spec.routes import operations
from functions.state.configurations.configurations import NewConfiguration, create, delete
from tests.support.api import Api, fault
from tests.support.records import recorded

HEADER = "OpenStack-API-Version"
PROJECT = "/v1.0/{project_id}"
GUARDED = [
    (method, path.removeprefix(PROJECT), operation)
    for method, path, operation in operations(yaml.safe_load(SPECIFICATION.read_text()))
    if operation.get("security") != []
]
SINCE = "x-min-microversion"
NEW = [(method, path, operation[SINCE]) for method, path, operation in GUARDED if SINCE in operation]
READS = [path for method, path, operation in GUARDED if method == "GET" and SINCE not in operation]
FROM_THE_HOST = ("/databases", "/users", "/root", "/log")
"""Reads that ask a host, of which there is none here."""
ADDED = {
    "/instances/{id}": {"deletion_protection", "tags", "tls"},
    "/backups/{id}": {"schedule_id"},
}
"""What shows from 1.1 on."""


@pytest.fixture(scope="module")
def stored(demo: Api, product_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Values for the parameters of paths; ids of an instance, a backup and a configuration group of the tenant."""
    version_id = "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a18"
    group = create(NewConfiguration("microversions", version_id, {"work_mem": "8MB"}), demo.project_id)
    with recorded(demo.project_id, 1) as (identifier,):
        names = {"instance_id": identifier, "backup_id": identifier, "configuration_id": group.id}
        public = {"datastore": "postgresql", "version": "18", "version_id": version_id, "parameter": "work_mem"}
        yield names | public | {"flavor": "1", "tenant_id": demo.project_id}
    delete(demo.project_id, group.id)


def asked(version: str | None) -> dict[str, str]:
    """The header that asks for a version."""
    return {HEADER: version} if version else {}


def within(old: Any, new: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether everything of a JSON value is in another one, which may have more members."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(name in new and within(value, new[name]) for name, value in old.items())
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(within, old, new))
    return bool(old == new)


# -- which version is given --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "given"),
    [
        (None, "1.0"),
        ("database 1.0", "1.0"),
        ("database 1.1", "1.1"),
        ("database 1.2", "1.2"),
        ("database latest", "1.2"),
        ("compute 2.90", "1.0"),
        ("compute latest", "1.0"),
        ("compute 2.90, database 1.1", "1.1"),
        ("database 1.1,compute 2.90", "1.1"),
        ("compute 2.90 ,  database   1.1", "1.1"),
    ],
)
def test_the_version_given(demo: Api, version: str | None, given: str) -> None:
    for path, status in (("/flavors", 200), ("/flavors/99", 404)):
        url = f"{demo.root}/v1.0/{demo.project_id}{path}"
        reply = requests.get(url, headers={"X-Auth-Token": demo.token} | asked(version), timeout=30)
        assert (reply.status_code, reply.headers[HEADER]) == (status, f"database {given}")
        assert reply.headers["Vary"] == HEADER


@pytest.mark.parametrize(
    "version",
    [
        "database 1.3",
        "database 1.99",
        "database 2.0",
        "database 0.9",
        "database 1",
        "database",
        "1.1",
        "database 1.1.1",
    ],
)
def test_versions_that_are_refused(demo: Api, version: str) -> None:
    status, name, message = fault(demo.call("GET", "/flavors", headers=asked(version)))
    assert (status, name) == (406, "notAcceptable")
    assert "Minimum is 1.0 and maximum is 1.2" in message


def test_version_documents_need_no_version_and_name_both_ends(demo: Api) -> None:
    for path, member in (("/", "versions"), ("/v1.0", "version")):
        for version in (None, "database 1.1", "database 9.9"):
            body = requests.get(demo.root + path, headers=asked(version), timeout=30).json()
            document = body[member][0] if path == "/" else body[member]
            assert (document["min_version"], document["version"]) == ("1.0", "1.2")


def test_a_fault_before_authentication_follows_a_version_too(demo: Api) -> None:
    nobody = Api(demo.root, demo.project_id, "")
    reply = nobody.call("GET", "/flavors", headers=asked("database 1.1"))
    assert (reply.status_code, reply.headers[HEADER]) == (401, "database 1.1")


# -- what 1.1 adds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "since"), NEW)
def test_operations_are_not_in_earlier_versions(demo: Api, method: str, path: str, since: str) -> None:
    name = path.format(**dict.fromkeys(("schedule_id", "operation_id", "backup_id", "instance_id"), str(uuid.uuid4())))
    for version in ("1.0", "1.1", "1.2"):
        reply = demo.call(method, name, headers=asked(f"database {version}"), json={} if method != "GET" else None)
        refused = reply.status_code == 404 and f"needs microversion {since}" in reply.text
        assert refused is (version < since)
    for header in (None, "database latest"):
        reply = demo.call(method, name, headers=asked(header), json={} if method != "GET" else None)
        assert ("needs microversion" in reply.text) is (header is None)


@pytest.mark.parametrize("path", [path for path in READS if not path.endswith(FROM_THE_HOST) and "{user}" not in path])
def test_1_1_only_adds(demo: Api, admin: Api, stored: dict[str, str], path: str) -> None:
    caller = admin if path.startswith("/mgmt") else demo
    name = path.format(**stored, database="app")
    old, new = (caller.call("GET", name, headers=asked(version)) for version in ("database 1.0", "database 1.1"))
    assert old.status_code == new.status_code
    moving = path == "/limits"
    assert moving or within(old.json(), new.json())


@pytest.mark.parametrize(("path", "added"), ADDED.items())
def test_members_of_1_1_are_not_in_1_0(demo: Api, stored: dict[str, str], path: str, added: set[str]) -> None:
    name = path.format(id=stored["instance_id"])
    (old,), (new,) = (demo.get(name, headers=asked(f"database 1.{minor}")).values() for minor in range(2))
    assert set(new) - set(old) == added


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/instances/{id}/action", {"stop": {}}),
        ("POST", "/instances/{id}/action", {"start": {}}),
        ("PUT", "/instances/{id}", {"instance": {"deletion_protection": True}}),
        ("PUT", "/instances/{id}", {"instance": {"tags": ["a"]}}),
    ],
)
def test_bodies_of_1_1_are_refused_in_1_0(
    demo: Api, stored: dict[str, str], method: str, path: str, body: dict[str, Any]
) -> None:
    reply = demo.call(method, path.format(id=stored["instance_id"]), json=body)
    assert fault(reply)[:2] == (400, "badRequest")


# -- what 1.2 adds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/datastores/postgresql/versions/18", "/datastores/postgresql/versions", "/datastores"]
)
def test_versions_show_their_extensions_from_1_2(demo: Api, path: str) -> None:
    assert "extensions" not in json.dumps(demo.get(path, headers=asked("database 1.1")))
    assert '"extensions": ["autoinc"' in json.dumps(demo.get(path, headers=asked("database 1.2")))

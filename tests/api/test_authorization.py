"""Who is refused what, for every operation of the specification: an operation that is added is covered by being there.

What an operation needs follows from its method and path alone, not from the rules that are being tested: reading needs
a reader, changing a member, and management an administrator.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from api_spec.generate import SPECIFICATION
from api_spec.routes import operations
from deploy.local.cloud import Cloud
from functions.base.clock import now
from functions.entrypoint.resources.instance_action import ACTIONS
from functions.state.configurations.models import Configuration
from functions.state.database import transaction
from functions.state.operations.models import Operation
from functions.state.schedules.models import Schedule
from tests.support.api import LATEST, Api, fault, new_api
from tests.support.keystone import user_with_role
from tests.support.records import recorded

pytestmark = pytest.mark.usefixtures("product_environment")

Guarded = tuple[str, str, str]
"""Method, path below the project and operationId."""

PROJECT = "/v1.0/{project_id}"


def parameters_of(path: str) -> list[str]:
    """The names between braces."""
    return re.findall(r"{(\w+)}", path)


GUARDED: list[Guarded] = [
    (method, path.removeprefix(PROJECT), operation["operationId"])
    for method, path, operation in operations(yaml.safe_load(SPECIFICATION.read_text()))
    if operation.get("security") != []
]
FOR_ALL = {"quotas.show"}
"""Below /mgmt, and yet for everybody, as in Trove: one's own quotas."""
MANAGEMENT = [guarded for guarded in GUARDED if guarded[1].startswith("/mgmt/") and guarded[2] not in FOR_ALL]
READS = [guarded for guarded in GUARDED if guarded[0] == "GET" and guarded not in MANAGEMENT]
CHANGES = [guarded for guarded in GUARDED if guarded[0] != "GET" and guarded not in MANAGEMENT]

OWNED = {"instance_id", "backup_id", "configuration_id", "schedule_id", "operation_id"}
"""Parameters of paths that name what a project owns."""
SHARED = {
    "datastore": "postgresql",
    "version": "18",
    "version_id": "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a18",
    "parameter": "work_mem",
    "flavor": "1",
    "tenant_id": "somebody",
}
"""Parameters of paths that name what everybody sees, or nothing that is looked for."""
INNER = {"database": "app", "user": "somebody", "log": "general"}
"""Parameters of paths that name what is inside an instance."""
NEVER = {"databases.show"}
"""Answers 501 whatever it is asked for, as in Trove."""
OWNED_ROUTES = [g for g in GUARDED if g not in MANAGEMENT and g[2] not in NEVER and OWNED & set(parameters_of(g[1]))]

BODIES: dict[str, dict[str, Any]] = {
    "instances.update": {"instance": {"name": "renamed"}},
    "instances.edit": {"instance": {"name": "renamed"}},
    "instances.action": {"restart": {}},
    "configurations.update": {"configuration": {"values": {"work_mem": "4MB"}}},
    "configurations.edit": {"configuration": {"values": {"work_mem": "4MB"}}},
    "databases.create": {"databases": [{"name": "app"}]},
    "users.create": {"users": [{"name": "u", "password": "p"}]},
    "users.create_one": {"users": [{"name": "u", "password": "p"}]},
    "users.update_all": {"users": [{"name": "u", "password": "p"}]},
    "users.update": {"user": {"name": "other"}},
    "users.grant": {"databases": [{"name": "app"}]},
    "root.enable": {},
    "backups.action": {"download": {}},
    "schedules.update": {"schedule": {"name": "renamed"}},
    "schedules.action": {"run": {}},
    "logs.act": {"name": "general"},
    "ssl.change": {"ssl": {"disable": True}},
}
"""A body for each operation that takes one and is about what a project owns."""
NAMING = [
    ("/instances", {"instance": {"name": "a", "flavorRef": "1", "volume": {"size": 1}}}, "restorePoint"),
    ("/instances", {"instance": {"name": "a", "flavorRef": "1", "volume": {"size": 1}}}, "configuration"),
    ("/backups", {"backup": {"name": "a"}}, "instance"),
    ("/backup_strategies", {"backup_strategy": {"swift_container": "a"}}, "instance_id"),
    ("/schedules", {"schedule": {"name": "a", "pattern": "0 3 * * *"}}, "instance"),
]
"""Requests whose body names what another project owns, under this member."""


@pytest.fixture(scope="module")
def reader(cloud: Cloud, demo: Api) -> Iterator[Api]:
    """Somebody who may only read, in the member's project."""
    with user_with_role(cloud, demo.project_id, "reader") as session:
        yield new_api(session)


@pytest.fixture(scope="module")
def stranger(cloud: Cloud, demo: Api) -> Iterator[Api]:
    """Somebody in the member's project with a role that means nothing here."""
    with user_with_role(cloud, demo.project_id, "heat_stack_user") as session:
        yield new_api(session)


@pytest.fixture(scope="module")
def theirs(other: Api, product_environment: dict[str, str]) -> Iterator[str]:
    """Id of an instance, a backup, a configuration group, a schedule and an operation of the other project."""
    with recorded(other.project_id, 1) as (identifier,):
        common = {"id": identifier, "project_id": other.project_id}
        rows = [
            Configuration(**common, name="theirs", datastore_version_id=SHARED["version_id"], values={}),
            Schedule(**common, user_id="u", instance_id=identifier, name="theirs", pattern="0 3 * * *", next_run=now()),
            Operation(
                **common,
                user_id="u",
                request_id="req-theirs",
                type="instance_restart",
                state="SUCCEEDED",
                instance_id=identifier,
                deadline=now(),
            ),
        ]
        with transaction() as session:
            session.add_all(rows)
        yield identifier
        with transaction() as session:
            for row in rows:
                session.delete(row)


def named(guarded: Guarded) -> str:
    """The operation in a test's name."""
    return guarded[2]


def filled(path: str, identifier: str) -> str:
    """A path with values for its parameters."""
    return path.format(**SHARED, **INNER, **dict.fromkeys(OWNED, identifier))


def sent(caller: Api, guarded: Guarded, identifier: str, body: object = None) -> Any:  # noqa: ANN401 - of requests
    """Send a request for what has an id."""
    method, path, _ = guarded
    return caller.call(method, filled(path, identifier), headers=LATEST, json=body)


UNKNOWN = "6f1d7c52-8a3e-4b57-9c0d-2e4b6a8c0f13"


@pytest.mark.parametrize("guarded", GUARDED, ids=named)
def test_no_token(demo: Api, guarded: Guarded) -> None:
    nobody = Api(demo.root, demo.project_id, "")
    assert fault(sent(nobody, guarded, UNKNOWN))[:2] == (401, "unauthorized")


@pytest.mark.parametrize("guarded", GUARDED, ids=named)
def test_the_url_of_another_project(demo: Api, other: Api, guarded: Guarded) -> None:
    trespasser = Api(demo.root, other.project_id, demo.token)
    assert fault(sent(trespasser, guarded, UNKNOWN))[:2] == (403, "forbidden")


@pytest.mark.parametrize("guarded", OWNED_ROUTES, ids=named)
def test_what_another_project_owns(demo: Api, theirs: str, guarded: Guarded) -> None:
    reply = sent(demo, guarded, theirs, BODIES.get(guarded[2]))
    assert fault(reply)[:2] == (404, "itemNotFound"), "a new operation with a body needs one in BODIES"


@pytest.mark.parametrize(("path", "body", "member"), NAMING)
def test_a_body_that_names_what_another_project_owns(
    demo: Api, theirs: str, path: str, body: dict[str, Any], member: str
) -> None:
    ((name, members),) = body.items()
    value: object = {"backupRef": theirs} if member == "restorePoint" else theirs
    reply = demo.call("POST", path, headers=LATEST, json={name: members | {member: value}})
    assert fault(reply)[:2] == (404, "itemNotFound")


@pytest.mark.parametrize("guarded", READS, ids=named)
def test_readers_read(reader: Api, guarded: Guarded) -> None:
    path = guarded[1].replace("{tenant_id}", reader.project_id)
    assert sent(reader, (guarded[0], path, guarded[2]), UNKNOWN).status_code not in (401, 403)


@pytest.mark.parametrize("guarded", CHANGES, ids=named)
def test_readers_change_nothing(reader: Api, guarded: Guarded) -> None:
    assert fault(sent(reader, guarded, UNKNOWN, {}))[:2] == (403, "forbidden")


@pytest.mark.parametrize("guarded", MANAGEMENT, ids=named)
def test_members_do_not_manage(demo: Api, guarded: Guarded) -> None:
    assert fault(sent(demo, guarded, UNKNOWN, {}))[:2] == (401, "unauthorized")


@pytest.mark.parametrize("guarded", [*READS, *CHANGES], ids=named)
def test_a_role_that_means_nothing(stranger: Api, guarded: Guarded) -> None:
    assert fault(sent(stranger, guarded, UNKNOWN, {}))[:2] == (403, "forbidden")


def test_members_do_not_see_the_quotas_of_others(demo: Api, other: Api) -> None:
    assert fault(demo.call("GET", f"/mgmt/quotas/{other.project_id}"))[:2] == (403, "forbidden")


def test_members_do_not_reset_a_status(demo: Api) -> None:
    with recorded(demo.project_id, 1) as (identifier,):
        reply = demo.call("POST", f"/instances/{identifier}/action", json={"reset_status": {}})
    assert fault(reply)[:2] == (403, "forbidden")


@pytest.mark.parametrize("action", ACTIONS)
def test_readers_do_not_act(reader: Api, action: str) -> None:
    with recorded(reader.project_id, 1) as (identifier,):
        reply = reader.call("POST", f"/instances/{identifier}/action", headers=LATEST, json={action: {}})
    assert fault(reply)[:2] == (403, "forbidden")

"""Limits, quotas and management: numbers, who may see and set them, and which datastore versions are offered."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from functions.base.clock import now
from functions.base.settings import get_settings
from functions.state.audit.models import AuditEvent
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation, OperationTarget
from functions.state.quotas.models import QuotaLimit
from functions.state.version_choices.models import VersionChoice
from tests.support.api import LATEST, Api, fault
from tests.support.entrypoint import entrypoint
from tests.support.records import recorded

pytestmark = pytest.mark.usefixtures("product_environment")

V18, V17 = (f"5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a{number}" for number in (18, 17))
INSTANCE = {"name": "db", "flavorRef": "1", "volume": {"size": 1}}


@pytest.fixture
def usual() -> Iterator[None]:
    """Forget afterwards what administrators set."""
    yield
    with transaction() as session:
        for kind in (QuotaLimit, VersionChoice):
            session.query(kind).delete()


@pytest.fixture
def stored(demo: Api) -> Iterator[list[str]]:
    """Ids of three instances of the tenant without hosts behind them."""
    with recorded(demo.project_id, 3) as identifiers:
        yield identifiers


# -- limits and quotas -------------------------------------------------------------------------------------------------


def quotas(api: Api, project_id: str) -> dict[str, tuple[int, int]]:
    """Use and limit by resource."""
    shown = api.get(f"/mgmt/quotas/{project_id}")["quotas"]
    return {quota["resource"]: (quota["in_use"], quota["limit"]) for quota in shown}


def test_quotas_say_what_is_in_use(demo: Api) -> None:
    before = quotas(demo, demo.project_id)
    with recorded(demo.project_id, 3):
        after = quotas(demo, demo.project_id)
    settings = get_settings()
    grown = {resource: used - before[resource][0] for resource, (used, _limit) in after.items()}
    assert grown == {"instances": 3, "volumes": 3, "ram": 1536, "backups": 3}
    limits = {resource: limit for resource, (_used, limit) in after.items()}
    assert limits["instances"] == settings.quota_instances
    assert limits["ram"] == settings.quota_ram


@pytest.mark.usefixtures("usual")
def test_a_project_s_own_limits_are_in_force(demo: Api, other: Api, admin: Api) -> None:
    reply = admin.call("PUT", f"/mgmt/quotas/{demo.project_id}", json={"quotas": {"volumes": 0, "ram": -1}})
    assert (reply.status_code, reply.json()) == (200, {"quotas": {"volumes": 0, "ram": -1}})
    assert quotas(admin, demo.project_id)["volumes"][1] == 0
    assert demo.get("/limits")["limits"][0]["max_volumes"] == 0
    status, name, message = fault(demo.call("POST", "/instances", json={"instance": INSTANCE}))
    assert (status, name) == (413, "overLimit")
    assert "'volumes'" in message and "limit 0" in message
    assert other.get("/limits")["limits"][0]["max_volumes"] == get_settings().quota_volumes


@pytest.mark.usefixtures("usual")
def test_resizing_is_held_by_the_quota(demo: Api, admin: Api, stored: list[str]) -> None:
    used = quotas(demo, demo.project_id)
    full = {"quotas": {"volumes": used["volumes"][0] + 1, "ram": used["ram"][0] + 511}}
    assert admin.call("PUT", f"/mgmt/quotas/{demo.project_id}", json=full).status_code == 200
    for size in ({"flavorRef": "2"}, {"volume": {"size": 3}}):
        reply = demo.call("POST", f"/instances/{stored[0]}/action", json={"resize": size})
        assert fault(reply)[:2] == (413, "overLimit")
    assert quotas(demo, demo.project_id)["ram"][0] == used["ram"][0], "nothing is left of what was refused"


def test_whose_quotas_are_seen_and_set(demo: Api, other: Api, admin: Api) -> None:
    path, body = f"/mgmt/quotas/{demo.project_id}", {"quotas": {"instances": 1}}
    assert fault(other.call("GET", path))[:2] == (403, "forbidden")
    assert fault(demo.call("PUT", path, json=body))[:2] == (401, "unauthorized")
    for wrong, expected in ({"instances": -2}, 400), ({"instances": "1"}, 400), ({}, 400), ({"cores": 1}, 404):
        assert fault(admin.call("PUT", path, json={"quotas": wrong}))[0] == expected


# -- instances ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/mgmt/instances"),
        ("GET", f"/mgmt/instances/{V18}"),
        ("GET", "/mgmt/datastore-versions"),
        ("GET", f"/mgmt/datastore-versions/{V18}"),
        ("DELETE", f"/mgmt/datastore-versions/{V18}"),
    ],
)
def test_management_is_for_administrators(demo: Api, method: str, path: str) -> None:
    assert fault(demo.call(method, path))[:2] == (401, "unauthorized")


def test_instances_of_all_projects(demo: Api, admin: Api, stored: list[str]) -> None:
    with transaction() as session:
        session.get_one(Instance, stored[0]).deleted_at = now()
    wanted = f"/mgmt/instances?project_id={demo.project_id}"
    shown = {instance["id"]: instance for instance in everything(admin, wanted)}
    assert set(stored) <= set(shown)
    assert {instance["tenant_id"] for instance in shown.values()} == {demo.project_id}
    living = {instance["id"] for instance in everything(admin, f"{wanted}&deleted=False")}
    gone = {instance["id"] for instance in everything(admin, f"{wanted}&deleted=true")}
    assert (stored[0] in living, stored[0] in gone, living & gone) == (False, True, set())
    assert set(stored) <= {instance["id"] for instance in everything(admin, "/mgmt/instances?limit=2")}
    alone = admin.get(f"/mgmt/instances/{stored[0]}")["instance"]
    assert (alone["deleted"], alone["server"]["tenant_id"]) == (True, demo.project_id)


def everything(api: Api, path: str) -> list[dict[str, object]]:
    """The instances of all pages."""
    found, target = [], f"/v1.0/{api.project_id}{path}"
    while target:
        body = api.send("GET", target).json()
        found += body["instances"]
        target = body["links"][0]["href"].removeprefix(api.root) if "links" in body else ""
    return found


def test_refused_management_actions(admin: Api, stored: list[str]) -> None:
    path = f"/mgmt/instances/{stored[0]}/action"
    for body, expected in (
        ({}, 400),
        ({"stop": {}, "reboot": {}}, 400),
        ({"dance": {}}, 400),
        ({"migrate": {}}, 501),
        ({"rebuild": {"image_id": V18}}, 501),
    ):
        assert fault(admin.call("POST", path, json=body))[0] == expected
    assert fault(admin.call("POST", f"/mgmt/instances/{uuid.uuid4()}/action", json={"stop": {}}))[0] == 404


@pytest.mark.parametrize(
    "reset",
    [
        ("/instances/{}/action", {"reset_status": {}}, "ERROR"),
        ("/mgmt/instances/{}/action", {"reset-task-status": {}}, "ACTIVE"),
    ],
    ids=["reset_status", "reset-task-status"],
)
def test_a_reset_ends_what_goes_on(
    demo: Api, admin: Api, stored: list[str], reset: tuple[str, dict[str, object], str]
) -> None:
    path, body, status = reset
    instance_id, operation_id = stored[0], str(uuid.uuid4())
    with transaction() as session:
        instance = session.get_one(Instance, instance_id)
        instance.status = "RESIZE"
        common = {"project_id": demo.project_id, "user_id": "u", "request_id": "r", "instance_id": instance_id}
        deadline = now() + timedelta(hours=1)
        session.add(Operation(id=operation_id, type="instance_resize", state="RUNNING", deadline=deadline, **common))
        session.flush()
        held = {"resource_id": instance_id, "kind": "instance", "held": "exclusive"}
        session.add(OperationTarget(operation_id=operation_id, **held))
    try:
        before = admin.get(f"/mgmt/instances/{instance_id}")["instance"]
        assert before["task_description"] == "instance_resize"
        assert fault(demo.call("DELETE", f"/instances/{instance_id}"))[0] == 422
        assert admin.call("POST", path.format(instance_id), json=body).status_code == 202
        assert demo.get(f"/instances/{instance_id}")["instance"]["status"] == status
        operation = demo.get(f"/operations/{operation_id}", headers=LATEST)["operation"]
        assert operation["state"] == "FAILED"
        assert "reset by an administrator" in operation["error"]["message"]
    finally:
        with transaction() as session:
            for part in (AuditEvent, OperationTarget):
                session.execute(delete(part).where(part.operation_id == operation_id))
            session.execute(delete(Operation).where(Operation.id == operation_id))


# -- datastore versions ------------------------------------------------------------------------------------------------


def offered(api: Api) -> dict[str, str]:
    """The names of the versions that the API offers of PostgreSQL by id, the default's with a star."""
    shown = api.get("/datastores/postgresql")["datastore"]
    default = shown.get("default_version")
    return {version["id"]: version["name"] + "*" * (version["id"] == default) for version in shown["versions"]}


@dataclass(frozen=True)
class Able:
    """Callers of an entrypoint whose hosts can run the versions 18 and 17, and no other."""

    demo: Api
    admin: Api


@pytest.fixture(scope="module")
def able(cloud: Cloud, demo: Api, admin: Api) -> Iterator[Able]:
    others = [version.id for version in catalog().find("postgresql").versions if version.id not in {V18, V17}]
    with entrypoint(cloud, TROVE_UNAVAILABLE_VERSIONS=json.dumps(others)) as root:
        yield Able(replace(demo, root=root), replace(admin, root=root))


@pytest.mark.usefixtures("usual")
def test_a_version_that_no_host_can_run_is_offered_by_nobody(demo: Api, admin: Api) -> None:
    path = f"/mgmt/datastore-versions/{V17}"
    for asked in ({"active": True}, {"default": True}):
        status, _, message = fault(admin.call("PATCH", path, json=asked))
        assert status == 400
        assert "postgresql 17 is not available" in message
    with transaction() as session:
        session.merge(VersionChoice(version_id=V17, active=True, removed=False, is_default=True))
    assert V17 not in offered(demo)
    assert admin.get(path)["version"]["active"] is False
    assert admin.call("PATCH", path, json={"active": False, "default": False}).status_code == 202


@pytest.mark.usefixtures("usual")
def test_versions_are_hidden_shown_and_made_default(able: Able) -> None:
    demo, admin = able.demo, able.admin

    def change(version: str, **members: bool) -> int:
        return admin.call("PATCH", f"/mgmt/datastore-versions/{version}", json=members).status_code

    assert offered(demo) == {V18: "18*"}
    assert change(V17, default=True) == 400, "a hidden version cannot be the default"
    assert change(V17, active=True) == 202
    assert offered(demo) == {V18: "18*", V17: "17"}
    assert change(V17, default=True) == 202
    assert offered(demo) == {V18: "18", V17: "17*"}
    assert change(V18, default=True) == 202
    assert offered(demo) == {V18: "18*", V17: "17"}
    assert change(V18, active=False) == 202
    assert offered(demo) == {V17: "17"}
    assert fault(demo.call("POST", "/instances", json={"instance": INSTANCE}))[:2] == (400, "badRequest")
    assert fault(demo.call("GET", f"/datastores/versions/{V18}"))[0] == 400
    assert admin.get(f"/datastores/versions/{V18}")["version"]["active"] is False


@pytest.mark.usefixtures("usual")
def test_versions_are_deleted_and_brought_back(able: Able, stored: list[str]) -> None:
    admin = able.admin
    path = f"/mgmt/datastore-versions/{V17}"
    assert stored
    assert fault(admin.call("DELETE", f"/mgmt/datastore-versions/{V18}"))[:2] == (400, "badRequest"), "in use"
    assert admin.call("DELETE", path).status_code == 202
    assert fault(admin.call("GET", path))[0] == 404
    assert V17 not in {version["id"] for version in admin.get("/mgmt/datastore-versions")["versions"]}
    version = {"name": "17", "datastore_name": "postgresql", "datastore_manager": "postgresql", "active": True}
    assert admin.call("POST", "/mgmt/datastore-versions", json={"version": version}).status_code == 202
    assert admin.get(path)["version"]["active"] is True
    assert fault(admin.call("POST", "/mgmt/datastore-versions", json={"version": version}))[0] == 400
    for changes, expected in ({"name": "9"}, 501), ({"datastore_name": "oracle"}, 404):
        reply = admin.call("POST", "/mgmt/datastore-versions", json={"version": version | changes})
        assert fault(reply)[0] == expected
    assert fault(admin.call("PATCH", path, json={"name": "other"}))[0] == 501

"""Configuration groups and parameters: what is refused, who sees what, paging, and requests at the same time."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from datastores.catalog import catalog
from functions.base.errors import BadRequest, Busy, TroveError
from functions.base.statuses import InstanceStatus, OperationState
from functions.operations import instance_configure
from functions.state.configurations import configurations
from functions.state.configurations.configurations import Change, NewConfiguration
from functions.state.configurations.models import Configuration
from functions.state.database import transaction
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from tests.support.api import LATEST, Api, fault
from tests.support.operations import finish
from tests.support.records import recorded

pytestmark = pytest.mark.usefixtures("product_environment")

VERSION = catalog().version("postgresql", None)
KNOWN = VERSION.parameters()


def body(**members: object) -> dict[str, Any]:
    return {"configuration": {"name": "group", "values": {}, **members}}


@pytest.fixture
def group(demo: Api) -> Iterator[str]:
    """Id of a group of the tenant's."""
    reply = demo.call("POST", "/configurations", json=body(values={"work_mem": 9000}))
    identifier = reply.json()["configuration"]["id"]
    yield identifier
    with transaction() as session:
        session.delete(session.get_one(Configuration, identifier))


# -- parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/datastores/postgresql/versions/18", f"/datastores/versions/{VERSION.id}"])
def test_parameters(demo: Api, path: str) -> None:
    listed = demo.get(f"{path}/parameters")["configuration-parameters"]
    assert {item["name"] for item in listed} == set(KNOWN)
    assert demo.get(f"{path}/parameters/max_connections") == {
        "name": "max_connections",
        "datastore_version_id": VERSION.id,
        "restart_required": True,
        "type": "integer",
        "min": 10,
        "max": 262143,
    }
    described = demo.get(f"{path}/parameters/Work_Mem", headers=LATEST)
    assert (described["name"], described["unit"]) == ("work_mem", "kB")
    assert described["description"]
    assert demo.get(f"{path}/parameters/wal_compression", headers=LATEST)["choices"]
    assert fault(demo.call("GET", f"{path}/parameters/fsync"))[:2] == (404, "itemNotFound")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/datastores/oracle/versions/18/parameters", 404),
        ("/datastores/postgresql/versions/9/parameters", 400),
        ("/datastores/versions/6f1d7c52-8a3e-4b57-9c0d-2e4b6a8c0f13/parameters", 400),
        ("/datastores/versions/6f1d7c52-8a3e-4b57-9c0d-2e4b6a8c0f13/parameters/jit", 400),
    ],
)
def test_parameters_of_what_is_not_there(demo: Api, path: str, status: int) -> None:
    assert fault(demo.call("GET", path))[0] == status


# -- groups ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"nosuch": 1}, "'nosuch' is no parameter of this datastore version"),
        ({"fsync": False}, "'fsync' is no parameter of this datastore version"),
        ({"max_connections": "100.5"}, "'max_connections' must be an integer from 10 to 262143"),
        ({"max_connections": 5}, "'max_connections' must be an integer from 10 to 262143"),
        ({"autovacuum": 2}, "'autovacuum' must be true or false"),
        ({"wal_compression": "rot13"}, "'wal_compression' must be one of"),
        ({"timezone": "UTC'\nfsync = off"}, "'timezone' must be a text of one line"),
        ({"work_mem": [1], "jit": {}}, "'jit' must be true or false; 'work_mem' must be an integer"),
    ],
)
def test_values_that_are_refused(demo: Api, group: str, values: dict[str, object], words: str) -> None:
    for method, path in (("POST", ""), ("PUT", f"/{group}"), ("PATCH", f"/{group}")):
        status, name, message = fault(demo.call(method, f"/configurations{path}", json=body(values=values)))
        assert (status, name) == (422, "unprocessableEntity")
        assert words in message
    assert demo.get(f"/configurations/{group}")["configuration"]["values"] == {"work_mem": 9000}


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"name": ""}, 400),
        ({"name": None}, 400),
        ({"values": None}, 400),
        ({"values": []}, 400),
        ({"description": "a\x00b"}, 400),
        ({"datastore": {"type": "oracle"}}, 404),
        ({"datastore": {"type": "postgresql", "version": "9"}}, 400),
        ({"datastore": {"type": "postgresql", "version": "16"}, "values": {"jit": True}}, 422),
    ],
)
def test_groups_that_are_refused(demo: Api, members: dict[str, object], status: int) -> None:
    assert fault(demo.call("POST", "/configurations", json=body(**members)))[0] == status


def test_replacing_and_merging(demo: Api, group: str) -> None:
    def values() -> object:
        return demo.get(f"/configurations/{group}")["configuration"]["values"]

    def change(method: str, **members: object) -> None:
        expected = {"PUT": 202, "PATCH": 200}[method]
        reply = demo.call(method, f"/configurations/{group}", json={"configuration": members})
        assert (reply.status_code, reply.content) == (expected, b"")

    change("PATCH", values={"JIT": False})
    assert values() == {"work_mem": 9000, "jit": False}
    change("PUT", values={"timezone": "UTC"}, name="other", description="words")
    change("PUT")
    change("PATCH", name="last")
    shown = demo.get(f"/configurations/{group}")["configuration"]
    assert (shown["values"], shown["name"], shown["description"]) == ({"timezone": "UTC"}, "last", "words")
    change("PUT", values={})
    assert values() == {}


def test_groups_of_another_project_are_not_found(demo: Api, other: Api, group: str) -> None:
    assert group not in {found["id"] for found in other.get("/configurations")["configurations"]}
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/instances")):
        assert fault(other.call(method, f"/configurations/{group}{path}"))[:2] == (404, "itemNotFound")
    for method in ("PUT", "PATCH"):
        assert fault(other.call(method, f"/configurations/{group}", json=body()))[:2] == (404, "itemNotFound")
    new = {"name": "db", "flavorRef": "1", "volume": {"size": 1}, "configuration": group}
    assert fault(other.call("POST", "/instances", json={"instance": new}))[:2] == (404, "itemNotFound")
    with recorded(other.project_id, 1) as ids:
        reply = other.call("PUT", f"/instances/{ids[0]}", json={"instance": {"configuration": group}})
        assert fault(reply)[:2] == (404, "itemNotFound")


def test_pages_of_groups_and_of_their_instances(demo: Api, group: str) -> None:
    with recorded(demo.project_id, 3) as ids:
        with transaction() as session:
            revision = session.get_one(Configuration, group).revision
            for identifier in ids:
                instance = session.get_one(Instance, identifier)
                instance.configuration_id, instance.configuration_revision = group, revision
        try:
            first = demo.get(f"/configurations/{group}/instances?limit=2")
            assert [item["id"] for item in first["instances"]] == ids[:2]
            assert first["links"] == first["instances_links"]
            rest = demo.get(f"/configurations/{group}/instances?limit=2&marker={ids[1]}")
            assert rest == {"instances": [{"id": ids[2], "name": "recorded-2"}]}
            assert demo.get(f"/configurations/{group}")["configuration"]["instance_count"] == 3
            assert demo.get(f"/instances/{ids[0]}")["instance"]["configuration"]["name"] == "group"
            listed = demo.get("/instances/detail")["instances"]
            assert [item["configuration"]["id"] for item in listed if item["id"] in ids] == [group] * 3
            assert fault(demo.call("DELETE", f"/configurations/{group}"))[:2] == (400, "badRequest")
            listed = demo.get("/configurations?limit=1")["configurations"]
            assert set(listed[0]) == {
                "id", "name", "description", "created", "updated", "datastore_name", "datastore_version_id",
                "datastore_version_name",
            }  # fmt: skip
        finally:
            with transaction() as session:
                for identifier in ids:
                    session.get_one(Instance, identifier).configuration_id = None


def test_attaching_to_what_cannot_have_it(demo: Api, group: str) -> None:
    def attach(instance_id: str, reference: str = group) -> tuple[int, str]:
        reply = demo.call("PUT", f"/instances/{instance_id}", json={"instance": {"configuration": reference}})
        return fault(reply)[:2]

    with recorded(demo.project_id, 1, InstanceStatus.BUILD) as [building]:
        assert attach(building) == (400, "badRequest")
    with recorded(demo.project_id, 1) as [instance]:
        assert attach(instance, str(uuid.uuid4())) == (404, "itemNotFound")
        assert attach(instance, "a-name") == (404, "itemNotFound")
        with transaction() as session:
            session.get_one(Configuration, group).datastore_version_id = catalog().version("postgresql", "16").id
        assert attach(instance) == (400, "badRequest")
    assert attach(str(uuid.uuid4())) == (404, "itemNotFound")


# -- requests at the same time -----------------------------------------------------------------------------------------


@pytest.fixture
def caller(state: None) -> Caller:
    """Someone in a project that nobody else uses, in a database that no sweep looks at."""
    return Caller(f"configurations-{uuid.uuid4()}", "tester", "req-configurations")


def new_group(caller: Caller) -> Configuration:
    return configurations.create(NewConfiguration("group", VERSION.id, {"jit": False}), caller.project_id)


def new_instance(caller: Caller) -> str:
    """Id of an ACTIVE instance without a host; its database is this test's own."""
    size = {"flavor_id": "1", "flavor_name": "small", "memory_mb": 512, "cpus": 1, "volume_size": 1}
    with transaction() as session:
        instance = Instance(
            project_id=caller.project_id, name="made", datastore_version_id=VERSION.id, **size, region="RegionOne",
            status=InstanceStatus.ACTIVE,
        )  # fmt: skip
        session.add(instance)
        session.flush()
        return instance.id


def test_attaching_and_deleting_exclude_each_other(caller: Caller) -> None:
    def attach(group: Configuration) -> object:
        try:
            return instance_configure.accept_attach(new_instance(caller), group.id, caller)
        except TroveError as error:
            return error

    def delete(group: Configuration) -> object:
        try:
            configurations.delete(caller.project_id, group.id)
        except TroveError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        for _ in range(6):
            group = new_group(caller)
            attached, deleted = pool.submit(attach, group), pool.submit(delete, group)
            assert isinstance(attached.result(), Operation) == isinstance(deleted.result(), BadRequest)


def test_a_change_reaches_an_instance_once_and_later_when_it_is_busy(caller: Caller) -> None:
    instance_id, group = new_instance(caller), new_group(caller)
    attaching = instance_configure.accept_attach(instance_id, group.id, caller)
    configurations.change(caller.project_id, group.id, Change(values={"work_mem": 9000}, merge=True))
    with pytest.raises(Busy):
        instance_configure.accept_apply(instance_id, caller)
    assert configurations.lagging() == []
    finish(attaching)
    assert [instance.id for instance in configurations.lagging()] == [instance_id]
    applying = instance_configure.accept_apply(instance_id, caller)
    assert applying is not None
    assert instances.get(caller.project_id, instance_id).configuration_values == {"jit": False, "work_mem": 9000}
    finish(applying)
    assert instance_configure.accept_apply(instance_id, caller) is None
    assert configurations.lagging() == []
    detaching = instance_configure.accept_detach(instance_id, caller)
    assert detaching is not None
    finish(detaching)
    assert instance_configure.accept_detach(instance_id, caller) is None
    configurations.delete(caller.project_id, group.id)


def test_undoing_brings_back_the_group_and_values_before(caller: Caller) -> None:
    instance_id, group = new_instance(caller), new_group(caller)
    finish(instance_configure.accept_attach(instance_id, group.id, caller))
    configurations.change(caller.project_id, group.id, Change(values={"work_mem": 9000}))
    for accept in (instance_configure.accept_apply, instance_configure.accept_detach):
        operation = accept(instance_id, caller)
        assert operation is not None
        finish(operation, OperationState.FAILED)
        instance = instances.get(caller.project_id, instance_id)
        assert (instance.configuration_id, instance.configuration_values) == (group.id, {"jit": False})
        assert (instance.status, instance.fault) == (InstanceStatus.ACTIVE, None)
        assert configurations.lagging() == [], "what was refused once is not tried again"

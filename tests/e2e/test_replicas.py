"""Replicas as their owner sees them, of every release that has them: made, read, promoted, detached and deleted; and
what they get with their source.
"""

import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from datastores.conformance import ConformanceRefused
from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from deploy.local.hosts.layout import HostDirectory
from functions.cloud import swift
from functions.storage.backup_objects import CONTAINER
from tests.e2e.datastores.instances import Instance, create
from tests.support.api import LATEST, new_api
from tests.support.operations import host_id_of
from tests.support.releases import Release, releases
from tests.support.tenants import delete_instance, follow, project_id, tenant
from tests.support.tls import written
from tests.support.waiting import eventually

RELEASES = [release for release in releases() if release.datastore.replicas]
CAUGHT_UP_SECONDS = 20.0
START_SECONDS = 120.0
pytestmark = pytest.mark.usefixtures("product_environment")


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """The API as a tenant sees it."""
    return tenant(cloud)


@pytest.fixture(scope="module", params=RELEASES, ids=str)
def source(
    request: pytest.FixtureRequest, owner: Tenant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    """An instance with some numbers."""
    release: Release = request.param
    made = create(owner, release, tmp_path_factory.mktemp("source"))
    made.write({1})
    yield made
    delete_instance(owner, made.id)


def shown(instance: Instance) -> dict[str, Any]:
    """An instance as the API shows it."""
    found: dict[str, Any] = instance.owner.request("GET", instance.path)["instance"]
    return found


def act(instance: Instance, action: str, operation: str, asked: object = None) -> None:
    """Have an action of an instance made."""
    instance.owner.request("POST", f"{instance.path}/action", {action: asked or {}})
    follow(instance.owner, operation, instance_id=instance.id)


def replica_of(source: Instance, name: str, files: Path) -> Instance:
    """An ACTIVE replica, with the source's user."""
    body = {"instance": {"name": name, "replica_of": source.id}}
    made = source.owner.request("POST", "/instances", body)["instance"]
    assert made["replica_of"]["id"] == source.id
    return made_replica(source, made["id"], files)


def made_replica(source: Instance, replica_id: str, files: Path) -> Instance:
    """The replica, when it is ACTIVE."""
    follow(source.owner, "replica_create", instance_id=replica_id)
    replica = replace(source, id=replica_id)
    found = shown(replica)
    authority = written(files / replica.id, found["tls"]["ca_certificate"]) if found["tls"] else None
    return replace(replica, server=replace(source.server, address=found["ip"][0], authority=authority))


@contextmanager
def a_replica(source: Instance, files: Path) -> Iterator[Instance]:
    """A replica that is there inside the block."""
    replica = replica_of(source, "replica", files)
    try:
        yield replica
    finally:
        delete_instance(source.owner, replica.id)


def until(arrived: Callable[[], bool], what: object) -> None:
    """Wait until a replica has what its source has."""
    deadline = time.monotonic() + CAUGHT_UP_SECONDS
    while not arrived():
        assert time.monotonic() < deadline, f"{what} did not arrive"
        time.sleep(0.05)


def await_number(replica: Instance, number: int) -> None:
    """Wait until a replica shows a number that was written."""
    until(lambda: number in replica.read(), number)


def require_read_only(replica: Instance) -> None:
    """It takes no writes of its user."""
    with replica.connect() as session, pytest.raises(Exception, match=r"(?i)read.?only"):
        session.write({999})


def test_a_replica_lives_with_its_source(cloud: Cloud, source: Instance, tmp_path: Path) -> None:
    replica = replica_of(source, "replica", tmp_path)
    await_number(replica, 1)
    source.write({2})
    await_number(replica, 2)
    require_read_only(replica)
    assert [each["id"] for each in shown(source)["replicas"]] == [replica.id]

    act(replica, "promote_to_replica_source", "replica_promote")
    assert shown(source)["replica_of"]["id"] == replica.id
    replica.write({4})
    await_number(source, 4)
    require_read_only(source)

    act(source, "promote_to_replica_source", "replica_promote")
    source.write({6})
    await_number(replica, 6)
    assert source.owner.request("GET", f"{source.path}/backups")["backups"] == []
    assert swift.list_objects(f"{CONTAINER}{project_id(cloud)}", "") == [], "a copy was left"

    source.owner.request("PATCH", replica.path, {"instance": {"slave_of": ""}})
    follow(source.owner, "replica_detach", instance_id=replica.id)
    assert "replica_of" not in shown(replica)
    assert "replicas" not in shown(source)
    replica.write({7})
    assert 7 not in source.read()
    delete_instance(source.owner, replica.id)


def test_a_replica_restarts_and_goes(source: Instance, tmp_path: Path) -> None:
    replica = replica_of(source, "short-lived", tmp_path)
    replica.restart()
    source.write({10})
    await_number(replica, 10)
    source.restart()
    source.write({11})
    await_number(replica, 11)
    delete_instance(source.owner, replica.id)
    assert "replicas" not in shown(source)


def test_a_copy_that_is_killed_is_begun_again(cloud: Cloud, source: Instance, tmp_path: Path) -> None:
    owner, body = source.owner, {"instance": {"name": "killed", "replica_of": source.id}}
    made = owner.request("POST", "/instances", body)["instance"]["id"]
    [operation] = owner.request("GET", f"/operations?instance_id={made}")["operations"]
    jobs = HostDirectory.of(cloud.state.path, host_id_of(made)).root / "jobs"
    os.kill(running(jobs / f"{operation['id']}-replicate" / "status.json"), signal.SIGKILL)
    replica = made_replica(source, made, tmp_path)
    assert (jobs / f"{operation['id']}-replicate-2").exists()
    source.write({20})
    await_number(replica, 20)
    delete_instance(owner, made)


def running(status: Path) -> int:
    """The process of a job, as soon as it runs."""
    deadline = time.monotonic() + START_SECONDS
    while not status.exists() or (seen := json.loads(status.read_text()))["state"] != "running":
        assert time.monotonic() < deadline, f"{status} does not run"
        time.sleep(0.01)
    return int(seen["pid"])


def test_a_replica_is_rebuilt(cloud: Cloud, source: Instance, tmp_path: Path) -> None:
    with a_replica(source, tmp_path) as replica:
        api, body = new_api(cloud.session("demo")), {"rebuild_replica": dict[str, str]()}
        assert api.call("POST", f"{replica.path}/action", json=body, headers=LATEST).status_code == HTTPStatus.ACCEPTED
        follow(source.owner, "replica_rejoin", instance_id=replica.id)
        source.write({40})
        await_number(replica, 40)
        assert swift.list_objects(f"{CONTAINER}{project_id(cloud)}", "") == [], "a copy was left"


def test_a_backup_of_a_replica_is_restored_to_an_instance_alone(source: Instance, tmp_path: Path) -> None:
    owner = source.owner
    with a_replica(source, tmp_path) as replica:
        source.write({50})
        await_number(replica, 50)
        eventually(lambda: shown(replica)["replication"]["state"] == "following", "the replica was seen to follow")
        asked = {"name": "of a replica", "instance": source.id, "from": "any"}
        backup = owner.request("POST", "/backups", {"backup": asked})["backup"]
        assert backup["instance_id"] == replica.id
        follow(owner, "backup_create", backup_id=backup["id"])
    restored = create(owner, source.release, tmp_path, source.server.password, backup["id"])
    assert restored.read() == source.read()
    restored.write({51})
    restored.restart()
    assert 51 in restored.read()
    assert shown(restored).get("replica_of") is None
    delete_instance(owner, restored.id)
    owner.request("DELETE", f"/backups/{backup['id']}")
    follow(owner, "backup_delete", backup_id=backup["id"])


def test_users_of_a_source_are_users_of_its_replicas(source: Instance, tmp_path: Path) -> None:
    owner, users = source.owner, f"{source.path}/users"
    server = replace(source.server, user="later", password=secrets.token_hex(16))
    databases = [{"name": server.database}] if server.database else []

    def lets_in(member: Instance) -> bool:
        try:
            member.connect(replace(server, address=member.server.address, authority=member.server.authority)).close()
        except ConformanceRefused:
            return False
        return True

    with a_replica(source, tmp_path) as first:
        user = {"name": server.user, "password": server.password, "databases": databases}
        owner.request("POST", users, {"users": [user]})
        with a_replica(source, tmp_path) as second:
            for replica in (first, second):
                until(lambda replica=replica: lets_in(replica), "the user")  # type: ignore[misc]
            with pytest.raises(DemoError, match="is a replica: change"):
                owner.request("POST", f"{first.path}/users", {"users": [user]})
            owner.request("DELETE", f"{users}/later")
            for replica in (first, second):
                until(lambda replica=replica: not lets_in(replica), "the deletion")  # type: ignore[misc]


def test_the_volumes_of_replicas_grow_with_their_sources(source: Instance, tmp_path: Path) -> None:
    with a_replica(source, tmp_path) as replica:
        with pytest.raises(DemoError, match=f"is a replica: change its source, {source.id}"):
            act(replica, "resize", "instance_resize_volume", {"volume": {"size": 9}})
        larger = shown(source)["volume"]["size"] + 1
        act(source, "resize", "instance_resize_volume", {"volume": {"size": larger}})
        assert [shown(each)["volume"]["size"] for each in (source, replica)] == [larger, larger]
        assert {source.status, replica.status} == {"ACTIVE"}


def test_a_configuration_reaches_replicas_with_their_source(source: Instance, tmp_path: Path) -> None:
    owner, release, conformance = source.owner, source.release, source.release.conformance
    assert conformance.dynamic
    assert conformance.static
    version = {"type": release.datastore.name, "version": release.version.name}
    values = {change.name: change.value for change in (conformance.dynamic, conformance.static)}
    asked = {"name": f"replicas-{release}", "values": values, "datastore": version}
    group = owner.request("POST", "/configurations", {"configuration": asked})["configuration"]
    with a_replica(source, tmp_path) as replica:
        with pytest.raises(DemoError, match=f"is a replica: change its source, {source.id}"):
            owner.request("PUT", replica.path, {"instance": {"configuration": group["id"]}})
        owner.request("PUT", source.path, {"instance": {"configuration": group["id"]}})
        for each in (source, replica):
            assert each.setting(conformance.dynamic.name) == conformance.dynamic.shown
            assert each.status == "RESTART_REQUIRED"
            each.restart()
            assert each.setting(conformance.static.name) == conformance.static.shown
        with a_replica(source, tmp_path) as second:
            assert shown(second)["configuration"]["id"] == group["id"]
            assert second.setting(conformance.static.name) == conformance.static.shown
        owner.request("PUT", source.path, {"instance": {}})
        assert "configuration" not in shown(replica)
        for each in (replica, source):
            assert each.setting(conformance.dynamic.name) != conformance.dynamic.shown
            each.restart()
            assert each.setting(conformance.static.name) != conformance.static.shown
        source.write({30})
        await_number(replica, 30)
    owner.request("DELETE", f"/configurations/{group['id']}")

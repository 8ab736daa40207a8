"""The commands of `openstack database` that are ours, and the client for programs, against the embedded cloud."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from api_spec.client import Refused, connect
from api_spec.client.client import Client
from deploy.local.cloud import Cloud
from tests.support.api import LATEST, Api
from tests.support.openstack import OpenStack


@pytest.fixture(scope="module")
def openstack(cloud: Cloud) -> OpenStack:
    """The command, as the tenant `demo`."""
    return OpenStack(cloud)


@pytest.fixture(scope="module")
def client(cloud: Cloud) -> Client:
    """The client for programs, as the tenant `demo`."""
    return Client(cloud.session("demo"))


@pytest.fixture(scope="module")
def instance(openstack: OpenStack, client: Client) -> Iterator[str]:
    """Name of an instance that is ACTIVE."""
    openstack.says("database instance create functions --flavor 1 --size 1 --is-public")
    waited = openstack.json("database operation wait --instance functions --timeout 120")
    assert (waited["type"], waited["state"]) == ("instance_create", "SUCCEEDED")
    assert openstack.json(f"database operation wait {waited['id']}")["id"] == waited["id"]
    yield "functions"
    client.instances.protect("functions", protected=False)
    openstack.says("database instance delete functions")


def test_the_commands_stand_beside_those_of_python_troveclient(openstack: OpenStack) -> None:
    told = openstack.says("database --help")
    for words in (
        *(f"database operation {verb}" for verb in ("list", "show", "wait")),
        *(f"database schedule {verb}" for verb in ("create", "list", "show", "set", "run", "delete")),
        *(f"database instance {verb}" for verb in ("stop", "protect", "unprotect", "tag", "events", "connect")),
        *(f"database instance {what} list" for what in ("endpoint", "connection")),
        *(f"database replication {verb}" for verb in ("show", "set", "rebuild", "restart", "resize", "upgrade")),
        "database ca show",
        "database instance list",
    ):
        assert words in told


def test_an_instance_is_stopped_and_started_with_its_progress_drawn(openstack: OpenStack, instance: str) -> None:
    openstack.says(f"database instance stop {instance} --wait")
    assert openstack.json(f"database instance show {instance}")["status"] == "SHUTDOWN"
    openstack.says(f"database instance start {instance} --wait")
    assert openstack.json(f"database instance show {instance}")["status"] == "ACTIVE"
    started = openstack.json(f"database operation list --instance {instance} --type instance_start --limit 1")[0]
    assert started["State"] == "SUCCEEDED"
    drawn = openstack.says(f"database operation show {started['ID']} --timeline")
    assert "job.run" in drawn
    assert "█" in drawn


def test_waiting_names_an_operation_or_an_instance(openstack: OpenStack, instance: str) -> None:
    openstack.says(f"database instance restart {instance}")
    waited = openstack.json(f"database operation wait --instance {instance}")
    assert (waited["type"], waited["state"]) == ("instance_restart", "SUCCEEDED")
    again = openstack.json(f"database operation wait --instance {instance}")
    assert again["id"] == waited["id"], "nothing is under way: the last one is told"
    assert "No instance" in openstack.refusal("database operation wait --instance nobody")
    assert "required" in openstack.refusal("database operation wait")
    assert "not allowed with" in openstack.refusal(f"database operation wait {waited['id']} --instance {instance}")


def test_the_marks_of_an_instance(openstack: OpenStack, instance: str, demo: Api) -> None:
    openstack.says(f"database instance protect {instance}")
    assert "protected from deletion" in openstack.refusal(f"database instance delete {instance}")
    openstack.says(f"database instance unprotect {instance}")
    openstack.says(f"database instance tag {instance} env=prod team=a")
    shown = openstack.json(f"database instance show {instance}")
    assert demo.get(f"/instances/{shown['id']}", headers=LATEST)["instance"]["tags"] == ["env=prod", "team=a"]


def test_a_schedule_from_creation_to_deletion(openstack: OpenStack, instance: str) -> None:
    openstack.says(
        f"database schedule create nightly --instance {instance} --keep-count 7 --full-every 7",
        "--pattern",
        "0 3 * * *",
    )
    changed = openstack.json("database schedule set nightly --keep-count 0 --keep-days 30")
    assert (changed["keep_count"], changed["keep_days"], changed["full_every"]) == (None, 30, 7)
    assert [row["Name"] for row in openstack.json(f"database schedule list --instance {instance}")] == ["nightly"]
    openstack.says("database schedule run nightly --wait")
    last = openstack.json("database schedule show nightly")["last_backup_id"]
    assert openstack.json(f"database backup show {last}")["status"] == "COMPLETED"
    openstack.says(f"database backup delete {last}")
    openstack.says("database schedule delete nightly")
    assert "No schedule" in openstack.refusal("database schedule show nightly")


def test_the_events_say_who_did_what(openstack: OpenStack, instance: str) -> None:
    events = openstack.json(f"database instance events {instance}")
    assert {"accepted", "started", "ended"} <= {event["Event"] for event in events}
    assert "instance_create" in {event["Type"] for event in events}


def test_the_command_that_connects_is_printed(openstack: OpenStack, instance: str) -> None:
    assert openstack.says(f"database instance connect {instance} --user joe").startswith("psql 'host=127.")
    assert openstack.json(f"database instance endpoint list {instance}") == []
    assert "no endpoint for readers" in openstack.refusal(f"database instance connect {instance} --readers")
    [uri, jdbc] = openstack.json(f"database instance connection list {instance}")
    assert (uri["To"], uri["Form"], jdbc["Form"]) == ("instance", "uri", "jdbc")
    assert uri["Text"].startswith("postgresql://127.")


def test_programs_wait_for_operations_and_learn_why_one_failed(
    cloud: Cloud, client: Client, instance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(cloud.state.clouds_yaml))
    seen: list[str] = []
    newest = connect(cloud="demo").operations.newest(type="instance_create")
    assert newest is not None
    ended = client.operations.wait(newest.id, 5.0, lambda operation: seen.append(operation.state))
    assert seen == ["SUCCEEDED"]
    assert [task.name for task in ended.tasks][-1] == "job.run"
    with pytest.raises(Refused, match="cannot be found") as refused:
        client.operations.show("00000000-0000-4000-8000-000000000000")
    assert refused.value.status == 404


def test_the_plugin_costs_the_start_of_openstack_little() -> None:
    """What the plugin imports beyond the shell before a command runs is the standard library's and its own."""
    probe = (
        "import sys, openstackclient.shell; before = set(sys.modules);"
        "import api_spec.client.osc.plugin; print(len(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert int(done.stdout) <= 4


def test_how_replicas_do_and_a_rebuild(openstack: OpenStack, client: Client, instance: str) -> None:
    assert openstack.json(f"database replication show {instance}") == []
    source = client.instances.id_of(instance)
    openstack.says(f"database instance create replica --replica-of {source}")
    openstack.says("database operation wait --instance replica --timeout 120")
    [own] = openstack.json("database replication show replica")
    assert own["Role"] == "replica"
    first, second = openstack.json(f"database replication show {instance}")
    assert (first["ID"], first["Role"]) == (source, "primary")
    assert (second["ID"], second["Role"]) == (own["ID"], "replica")
    openstack.says("database replication set replica --automatic-failover --max-lag-bytes 1000000 --wait")
    assert client.instances.find("replica")["failover"]["max_lag_bytes"] == 1000000
    assert "is greater than 1" in openstack.refusal(
        f"database replication set {instance} --mode synchronous --quorum 2"
    )
    assert "Say what to change" in openstack.refusal(f"database replication set {instance}")
    openstack.says(f"database replication set {instance} --no-automatic-failover --wait")
    openstack.says("database replication rebuild replica --wait")
    assert "is not a replica" in openstack.refusal(f"database replication rebuild {instance}")
    openstack.says(f"database replication restart {instance} --wait")
    assert "is not a replica source" in openstack.refusal(f"database replication restart {instance}")
    openstack.says("database replication resize replica 2 --wait")
    assert openstack.json(f"database replication show {instance}")[0]["Role"] == "primary"
    openstack.says("database instance delete replica")
    deletion = client.operations.newest(instance_id=own["ID"], type="instance_delete")
    assert deletion is not None
    client.operations.wait(deletion.id)

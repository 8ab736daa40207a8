"""Incremental backups, strategies, schedules and downloads as the clients ask for them, on a real instance."""

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from keystoneauth1.session import Session
from mistralclient.api.client import client as mistral_client
from troveclient.client import Client

from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from functions.base.clock import now
from tests.support.api import LATEST, Api, fault, new_api
from tests.support.openstack import OpenStack
from tests.support.tenants import TestInstance, an_instance, create_body, delete_instance, follow, tenant

PASSWORD = "a password of its own"
RUN_SECONDS = 100
"""A minute until the next run, and the backup."""


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    return tenant(cloud)


@pytest.fixture(scope="module")
def instance(owner: Tenant) -> Iterator[TestInstance]:
    with an_instance(owner, "chains") as made:
        made.query("CREATE TABLE rows (n int)")
        yield made


@pytest.fixture
def api(cloud: Cloud) -> Api:
    return new_api(cloud.session("demo"))


@pytest.fixture
def session(cloud: Cloud) -> Session:
    return cloud.session("demo")


@dataclass(frozen=True)
class Timed:
    """An instance that something is scheduled for, and the schedule's id."""

    instance: TestInstance
    schedule_id: str


@pytest.fixture(scope="module", autouse=True)
def scheduled(cloud: Cloud, owner: Tenant) -> Iterator[Timed]:
    """A schedule of the service that runs every minute, from before the first test on."""
    with an_instance(owner, "scheduled") as made:
        asked = {"name": "minutely", "instance": made.id, "pattern": "* * * * *", "keep_count": 1}
        api = new_api(cloud.session("demo"))
        reply = api.call("POST", "/schedules", json={"schedule": asked}, headers=LATEST)
        schedule_id = reply.json()["schedule"]["id"]
        yield Timed(made, schedule_id)
        api.call("DELETE", f"/schedules/{schedule_id}", headers=LATEST)
        remove_all(owner, f"/backups?instance_id={made.id}")


@pytest.fixture(scope="module", autouse=True)
def legacy(cloud: Cloud, owner: Tenant) -> Iterator[Timed]:
    """A schedule as Trove's clients make them, from before the first test on; the instance has a full backup."""
    session = cloud.session("demo")
    with an_instance(owner, "legacy") as made:
        body = {"backup": {"name": "full", "instance": made.id}}
        backup_id = owner.request("POST", "/backups", body)["backup"]["id"]
        follow(owner, "backup_create", backup_id=backup_id)
        backups, own = Client("1.0", session=session).backups, {"mistral_client": mistral(session)}
        schedule = backups.schedule_create(made.id, "* * * * *", "legacy", incremental=True, **own)
        yield Timed(made, schedule.id)
        for left in backups.schedule_list(made.id, **own):
            backups.schedule_delete(left.id, **own)
        remove_all(owner, f"/backups?instance_id={made.id}")


@pytest.fixture(scope="module")
def chain(cloud: Cloud, owner: Tenant, instance: TestInstance) -> Iterator[list[dict[str, Any]]]:
    """A full backup and two upon it, made by the command: one row more in each."""
    demo = OpenStack(cloud)
    made: list[dict[str, Any]] = []
    for options in ((), ("--incremental",), ("--parent",)):
        instance.query("INSERT INTO rows VALUES (1)")
        more = (*options, made[-1]["id"]) if options == ("--parent",) else options
        made.append(demo.json(f"database backup create link --instance {instance.id}", *more))
        follow(owner, "backup_create", backup_id=made[-1]["id"])
    yield made
    if any(backup["id"] == made[0]["id"] for backup in owner.request("GET", "/backups")["backups"]):
        owner.request("DELETE", f"/backups/{made[0]['id']}")
        follow(owner, "backup_delete", backup_id=made[0]["id"])


def test_each_link_names_the_one_before(chain: list[dict[str, Any]], owner: Tenant) -> None:
    shown = [owner.request("GET", f"/backups/{backup['id']}")["backup"] for backup in chain]
    assert [backup["parent_id"] for backup in shown] == [None, chain[0]["id"], chain[1]["id"]]
    assert {backup["status"] for backup in shown} == {"COMPLETED"}


def test_a_restored_link_holds_what_was_there(chain: list[dict[str, Any]], owner: Tenant) -> None:
    more = {"restorePoint": {"backupRef": chain[1]["id"]}}
    restored = owner.request("POST", "/instances", create_body("restored", PASSWORD, **more))["instance"]["id"]
    follow(owner, "instance_restore", instance_id=restored)
    address = owner.request("GET", f"/instances/{restored}")["instance"]["ip"][0]
    assert TestInstance(restored, address, PASSWORD).query("SELECT count(*) FROM rows") == [(2,)]
    delete_instance(owner, restored)


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"parent_id": "00000000-0000-0000-0000-000000000001"}, 404, "cannot be found"),
        ({"storage_driver": "cinder"}, 501, "Swift"),
        ({"incremental": True}, 400, "incremental"),
        ({"swift_container": "a/b"}, 400, "swift_container"),
        ({"swift_container": "é" * 129}, 400, "swift_container"),
    ],
)
def test_wrong_requests_are_told(
    api: Api, instance: TestInstance, more: dict[str, Any], status: int, words: str
) -> None:
    body = {"backup": {"name": "wrong", "instance": instance.id} | more}
    code, _name, message = fault(api.call("POST", "/backups", json=body))
    assert (code, words in message) == (status, True), message


def test_lists_are_filtered(chain: list[dict[str, Any]], cloud: Cloud, api: Api, instance: TestInstance) -> None:
    everything = f"/backups?instance_id={instance.id}"
    assert len(api.get(everything)["backups"]) == 3
    assert len(api.get(f"{everything}&datastore=postgresql")["backups"]) == 3
    assert len(api.get(f"/instances/{instance.id}/backups")["backups"]) == 3
    assert fault(api.call("GET", "/backups?datastore=nosuch"))[0] == 404
    assert fault(api.call("GET", "/backups?all_projects=True"))[0] == 403
    admin = new_api(cloud.session("admin"))
    ids = {backup["id"] for backup in chain}
    assert ids <= {backup["id"] for backup in admin.get("/backups?all_projects=True")["backups"]}
    assert ids <= {backup["id"] for backup in admin.get(f"/backups?project_id={api.project_id}")["backups"]}
    assert admin.get("/backups")["backups"] == []


def test_a_download_is_for_the_owner_and_for_an_hour(chain: list[dict[str, Any]], cloud: Cloud, api: Api) -> None:
    path = f"/backups/{chain[1]['id']}/action"
    assert api.call("POST", path, json={"download": {}}).status_code == 404
    reply = api.call("POST", path, json={"download": {}}, headers=LATEST)
    assert reply.status_code == 200, reply.text
    download = reply.json()["download"]
    left = datetime.fromisoformat(download["expires"]) - now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    with urllib.request.urlopen(download["url"]) as stored:
        assert stored.read(4) in (b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08\x00")
    with urllib.request.urlopen(download["instructions_url"]) as stored:
        assert "pg_combinebackup 1 2 -o DATA_DIRECTORY" in json.load(stored)["restore"][-1]
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(download["url"].replace(chain[1]["id"], chain[0]["id"]))
    body = {"download": {"seconds": 4000}}
    assert fault(api.call("POST", path, json=body, headers=LATEST))[0] == 400
    other = new_api(cloud.session("other"))
    assert fault(other.call("POST", path, json={"download": {}}, headers=LATEST))[0] == 404


def test_strategies_by_the_command(cloud: Cloud, instance: TestInstance) -> None:
    demo = OpenStack(cloud)
    made = demo.json(f"database backup strategy create --instance-id {instance.id} --swift-container mine")
    assert (made["backend"], made["instance_id"], made["swift_container"]) == ("swift", instance.id, "mine")
    demo.says(f"database backup strategy create --instance-id {instance.id} --swift-container ours")
    listed = demo.json("database backup strategy list", "--instance-id", instance.id)
    assert [row["Swift Container"] for row in listed] == ["ours"]
    demo.says(f"database backup strategy delete --instance-id {instance.id}")
    assert demo.json("database backup strategy list") == []


def test_strategies_of_others_are_for_administrators(api: Api, cloud: Cloud) -> None:
    other = new_api(cloud.session("other"))
    assert fault(other.call("GET", f"/backup_strategies?project_id={api.project_id}"))[0] == 403
    assert fault(other.call("DELETE", f"/backup_strategies?project_id={api.project_id}"))[0] == 403
    admin = new_api(cloud.session("admin"))
    assert admin.get(f"/backup_strategies?project_id={api.project_id}") == {"backup_strategies": []}
    assert admin.call("DELETE", f"/backup_strategies?project_id={api.project_id}").status_code == 202


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"pattern": "61 * * * *"}, 400),
        ({"pattern": "* * * * * *"}, 400),
        ({"pattern": "R R * * *"}, 400),
        ({"full_every": 0}, 400),
        ({"keep_count": 0}, 400),
        ({"instance": "00000000-0000-0000-0000-000000000001"}, 404),
    ],
)
def test_wrong_schedules_are_told(api: Api, instance: TestInstance, more: dict[str, Any], status: int) -> None:
    body = {"schedule": {"name": "wrong", "instance": instance.id, "pattern": "0 3 * * *"} | more}
    assert fault(api.call("POST", "/schedules", json=body, headers=LATEST))[0] == status


def test_schedules_are_made_changed_and_ended(api: Api, cloud: Cloud, instance: TestInstance) -> None:
    asked = {"name": "weekly", "instance": instance.id, "pattern": "0 3 * * sun", "full_every": 7, "keep_count": 3}
    made = api.call("POST", "/schedules", json={"schedule": asked}, headers=LATEST).json()["schedule"]
    path = f"/schedules/{made['id']}"
    assert made["next_run"][11:] == "03:00:00"
    assert api.call("GET", "/schedules").status_code == 404, "from 1.1"
    listed = api.get(f"/schedules?instance_id={instance.id}", headers=LATEST)["schedules"]
    assert [schedule["id"] for schedule in listed] == [made["id"]]
    changes = {"pattern": "30 4 * * *", "keep_count": None, "keep_days": 30}
    changed = api.call("PATCH", path, json={"schedule": changes}, headers=LATEST).json()["schedule"]
    assert (changed["next_run"][11:], changed["keep_count"], changed["keep_days"]) == ("04:30:00", None, 30)
    assert (changed["name"], changed["full_every"]) == ("weekly", 7)
    assert patterns(cloud, made["id"]) == ["30 4 * * *"]
    other = new_api(cloud.session("other"))
    assert fault(other.call("GET", path, headers=LATEST))[0] == 404
    assert api.call("DELETE", path, headers=LATEST).status_code == 204
    assert fault(api.call("GET", path, headers=LATEST))[0] == 404
    assert patterns(cloud, made["id"]) == []


def patterns(cloud: Cloud, schedule_id: str) -> list[str]:
    """The patterns of the schedule's cron triggers in the service project."""
    triggers = mistral(cloud.session("trove")).cron_triggers.list()
    return [trigger.pattern for trigger in triggers if schedule_id in trigger.name]


def mistral(session: Session) -> Any:  # noqa: ANN401 - mistralclient has no types
    return mistral_client(mistral_url=session.get_endpoint(service_type="workflowv2"), session=session)


@pytest.mark.timeout(400)
def test_a_schedule_runs_by_itself_and_retires_what_it_does_not_keep(api: Api, owner: Tenant, scheduled: Timed) -> None:
    path, own = f"/schedules/{scheduled.schedule_id}", f"/backups?schedule_id={scheduled.schedule_id}"
    runs = f"/operations?instance_id={scheduled.instance.id}&type=backup_create&state=SUCCEEDED"
    limit = time.monotonic() + 2 * RUN_SECONDS
    while True:
        shown = api.get(path, headers=LATEST)["schedule"]
        backups = api.get(own, headers=LATEST)["backups"]
        kept = [(backup["id"], backup["status"]) for backup in backups]
        ran = len(api.get(runs, headers=LATEST)["operations"])
        if ran > 1 and kept == [(shown["last_backup_id"], "COMPLETED")]:
            break
        assert time.monotonic() < limit, shown
        time.sleep(1)
    assert (shown["last_error"], shown["missed_runs"]) == (None, 0)
    assert backups[0]["schedule_id"] == scheduled.schedule_id
    assert backups[0]["name"].startswith("minutely 20")
    assert api.call("DELETE", path, headers=LATEST).status_code == 204
    remove_all(owner, own)


def remove_all(owner: Tenant, listed: str) -> None:
    """Delete the backups of a list as soon as they can be."""
    limit = time.monotonic() + RUN_SECONDS
    while backups := owner.request("GET", listed)["backups"]:
        assert time.monotonic() < limit, backups
        for backup in backups:
            try:
                owner.request("DELETE", f"/backups/{backup['id']}")
            except DemoError:
                time.sleep(0.5)
        time.sleep(0.5)


@pytest.mark.timeout(300)
def test_trove_schedules_run_in_the_tenants_own_project(owner: Tenant, session: Session, legacy: Timed) -> None:
    """What `trove schedule-*` and `execution-*` do; the shell itself names no domain, which Keystone v3 refuses."""
    backups, own = Client("1.0", session=session).backups, {"mistral_client": mistral(session)}
    instance_id, schedule_id = legacy.instance.id, legacy.schedule_id
    assert [found.id for found in backups.schedule_list(instance_id, **own)] == [schedule_id]
    assert backups.schedule_show(schedule_id, **own).pattern == "* * * * *"
    limit = time.monotonic() + RUN_SECONDS
    while not (executions := backups.execution_list(schedule_id, **own)) or executions[-1].state == "RUNNING":
        assert time.monotonic() < limit
        time.sleep(1)
    assert executions[-1].state == "SUCCESS"
    backups.schedule_delete(schedule_id, **own)
    assert backups.schedule_list(instance_id, **own) == []
    backups.execution_delete(executions[-1].id, **own)
    made = owner.request("GET", f"/backups?instance_id={instance_id}")["backups"][::-1]
    assert [backup["name"] for backup in made] == ["full", *["legacy"] * (len(made) - 1)]
    assert len(made) > 1
    assert made[1]["parent_id"] == made[0]["id"]
    follow(owner, "backup_create", backup_id=made[-1]["id"])


def test_a_chain_is_deleted_with_its_first_link(
    chain: list[dict[str, Any]], cloud: Cloud, owner: Tenant, instance: TestInstance
) -> None:
    OpenStack(cloud).says(f"database backup delete {chain[0]['id']}")
    follow(owner, "backup_delete", backup_id=chain[0]["id"])
    assert owner.request("GET", f"/backups?instance_id={instance.id}")["backups"] == []

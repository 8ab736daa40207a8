"""While a backup is made users and logs change; deleting the backup, or its instance, cancels it without a trace."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from tests.support.tenants import (
    TestInstance,
    an_instance,
    create_instance,
    delete_instance,
    follow,
    outcome,
    project_id,
    tenant,
)
from tests.support.traces import Traces, traces

ROWS = 1_500_000
"""About 150 MB of text that no program can compress to little: a backup of them takes seconds."""
BOUND_SECONDS = 60


@pytest.fixture(scope="module")
def owner(cloud: Cloud, product_environment: dict[str, str]) -> Tenant:
    """Whose backups they are."""
    assert product_environment
    return tenant(cloud)


@pytest.fixture(scope="module")
def instance(owner: Tenant) -> Iterator[TestInstance]:
    """An instance with data enough to be met while it is copied."""
    with an_instance(owner, "copied") as made:
        fill(made)
        yield made


def fill(instance: TestInstance) -> None:
    """Give it data enough."""
    text = "md5(random()::text) || md5(random()::text)"
    instance.query(f"CREATE TABLE rows AS SELECT n, {text} AS t FROM generate_series(1, {ROWS}) n")


@pytest.mark.parametrize("step", [None, "job.run"], ids=["at once", "while it uploads"])
def test_a_backup_is_cancelled_by_deleting_it(
    cloud: Cloud, owner: Tenant, instance: TestInstance, step: str | None
) -> None:
    before = settled(cloud)
    backup_id = run_backup(owner, instance)
    if step is not None:
        await_step(owner, backup_id, step)
        with pytest.raises(DemoError, match="to cancel it"):
            owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
    owner.request("DELETE", f"/backups/{backup_id}")
    assert outcome(owner, "backup_create", backup_id=backup_id).state == "CANCELLED"
    with pytest.raises(DemoError, match="cannot be found"):
        owner.request("GET", f"/backups/{backup_id}")
    assert settled(cloud) == before
    assert owner.request("GET", f"/instances/{instance.id}")["instance"]["status"] == "ACTIVE"
    assert instance.query("SELECT count(*) FROM rows") == [(ROWS,)]


def test_the_next_backup_is_made(owner: Tenant, instance: TestInstance) -> None:
    made = owner.request("POST", "/backups", {"backup": {"name": "wanted", "instance": instance.id}})["backup"]["id"]
    follow(owner, "backup_create", backup_id=made)
    owner.request("DELETE", f"/backups/{made}")
    follow(owner, "backup_delete", backup_id=made)


def test_users_and_logs_change_beside_it(owner: Tenant, instance: TestInstance) -> None:
    backup_id = run_backup(owner, instance)
    await_step(owner, backup_id, "job.run")
    path = f"/instances/{instance.id}"
    beside = replace(instance, user="beside", password=secrets.token_hex(16))
    owner.request("POST", f"{path}/users", {"users": [{"name": "beside", "password": beside.password}]})
    owner.request("PUT", f"{path}/users/beside/databases", {"databases": [{"name": instance.database}]})
    assert beside.query("SELECT 1") == [(1,)]
    owner.request("POST", f"{path}/log", {"name": "general", "enable": 1})
    owner.request("POST", f"{path}/log", {"name": "general", "disable": 1})
    owner.request("DELETE", f"{path}/users/beside")
    assert outcome(owner, "backup_create", backup_id=backup_id).state == "SUCCEEDED"
    listed = owner.request("GET", f"/operations?instance_id={instance.id}")["operations"]
    [copied] = [seen["ended"] for seen in listed if seen["backup_id"] == backup_id]
    [created] = [seen["ended"] for seen in listed if seen["type"] == "user_create"]
    assert created < copied
    owner.request("DELETE", f"/backups/{backup_id}")
    follow(owner, "backup_delete", backup_id=backup_id)


def test_deleting_the_instance_cancels_it(cloud: Cloud, owner: Tenant) -> None:
    before = settled(cloud)
    instance = create_instance(owner, "deleted")
    fill(instance)
    backup_id = run_backup(owner, instance)
    await_step(owner, backup_id, "job.run")
    delete_instance(owner, instance.id)
    assert outcome(owner, "backup_create", backup_id=backup_id).state == "CANCELLED"
    for path in (f"/backups/{backup_id}", f"/instances/{instance.id}"):
        with pytest.raises(DemoError, match="cannot be found"):
            owner.request("GET", path)
    assert settled(cloud) == before


def run_backup(owner: Tenant, instance: TestInstance) -> str:
    """Its id."""
    made = owner.request("POST", "/backups", {"backup": {"name": "under-way", "instance": instance.id}})
    return str(made["backup"]["id"])


def settled(cloud: Cloud) -> Traces:
    """What there is of the project."""
    return traces(cloud, project_id(cloud))


def await_step(owner: Tenant, backup_id: str, step: str) -> None:
    """Return while the step of the backup's operation runs."""
    limit = time.monotonic() + BOUND_SECONDS
    while True:
        [operation] = owner.request("GET", f"/operations?backup_id={backup_id}")["operations"]
        names = [seen["name"] for seen in owner.request("GET", f"/operations/{operation['id']}")["operation"]["steps"]]
        if step in names:
            return
        assert time.monotonic() < limit, f"{step} was not reached in {BOUND_SECONDS} s: {names}"
        time.sleep(0.05)

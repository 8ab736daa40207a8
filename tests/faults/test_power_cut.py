"""Processes that stand still for a minute (A9 of the catalogue of faults), and all of them cut off at once (A11)."""

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from keystoneauth1.exceptions import ClientException

from deploy.local.cloud import Cloud
from deploy.local.demo.client import ENDED
from tests.support.audit import audit
from tests.support.tenants import TestInstance, create_body, create_instance, delete_instance, follow, outcome
from tests.support.waiting import eventually
from tests.support.watched import WatchedTenant

STANDING = 6
NEW_EACH = 4
STILL_SECONDS = 60.0
"""Longer than any call of a step is waited for."""
LET_BEGIN_SECONDS = 1.5
END_SECONDS = 300.0
Request = tuple[str, str, dict[str, Any] | None]


@pytest.fixture(scope="module")
def owner(cloud: Cloud, product_environment: dict[str, str]) -> WatchedTenant:
    assert product_environment
    return WatchedTenant(cloud.session("demo"))


@pytest.fixture(scope="module")
def other(cloud: Cloud) -> WatchedTenant:
    return WatchedTenant(cloud.session("other"))


@pytest.fixture(scope="module")
def standing(owner: WatchedTenant) -> Iterator[list[TestInstance]]:
    """Instances to work on; each holds a row."""
    with ThreadPoolExecutor(STANDING) as pool:
        made = list(pool.map(lambda number: create_instance(owner, f"standing-{number}"), range(STANDING)))
    for instance in made:
        instance.query("CREATE TABLE kept AS SELECT 1 AS n")
    yield made
    with ThreadPoolExecutor(STANDING) as pool:
        list(pool.map(lambda instance: delete_instance(owner, instance.id), made))


@contextmanager
def still(cloud: Cloud, *services: str) -> Iterator[None]:
    """Inside the block the processes of the services stand still, and hold what they hold."""
    pids = [pid for service in services if (pid := cloud.pid(service)) is not None]
    assert len(pids) == len(services)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a9_functions_that_stood_still_have_one_effect(
    cloud: Cloud, owner: WatchedTenant, standing: list[TestInstance]
) -> None:
    source, changed, *_ = standing
    made = owner.request("POST", "/instances", create_body("still", secrets.token_hex(16)))["instance"]["id"]
    backup_id = owner.request("POST", "/backups", {"backup": {"name": "still", "instance": source.id}})["backup"]["id"]
    owner.request("POST", f"/instances/{changed.id}/action", {"restart": {}})
    with still(cloud, "control", "hosts"):
        time.sleep(STILL_SECONDS)
    follow(owner, "instance_create", instance_id=made)
    follow(owner, "instance_restart", instance_id=changed.id)
    assert outcome(owner, "backup_create", backup_id=backup_id).state == "SUCCEEDED"
    owner.request("DELETE", f"/backups/{backup_id}")
    follow(owner, "backup_delete", backup_id=backup_id)
    delete_instance(owner, made)
    assert audit(cloud, [owner.project_id], replies=owner.replies) == []


def test_a11_every_operation_ends_after_a_power_cut(
    cloud: Cloud, owner: WatchedTenant, other: WatchedTenant, standing: list[TestInstance]
) -> None:
    requests = mixture(owner, standing)
    news: list[Request] = [("POST", "/instances", create_body("cut", secrets.token_hex(16))) for _ in range(NEW_EACH)]
    with ThreadPoolExecutor(len(requests) + 2 * len(news)) as pool:
        for tenant, asked in ((owner, requests + news), (other, news)):
            for request in asked:
                pool.submit(unless_cut, tenant.send, *request)
        time.sleep(LET_BEGIN_SECONDS)
        cut(cloud)
        cloud.up()
    for tenant in (owner, other):
        eventually(lambda tenant=tenant: not under_way(tenant), "every operation has ended", END_SECONDS)  # type: ignore[misc]
    for instance in standing:
        owner.send("POST", f"/instances/{instance.id}/action", {"start": {}})
    eventually(lambda: not under_way(owner), "what was stopped has started", END_SECONDS)
    assert [instance.query("SELECT n FROM kept") for instance in standing] == [[(1,)]] * STANDING
    for tenant in (owner, other):
        remove_rest(tenant, {instance.id for instance in standing})
    found = audit(cloud, [owner.project_id, other.project_id], replies=owner.replies + other.replies)
    assert found == []


def mixture(owner: WatchedTenant, standing: list[TestInstance]) -> list[Request]:
    """Requests that are accepted side by side; for some of them a backup is made first."""
    backups = [owner.request("POST", "/backups", body("before", instance))["backup"]["id"] for instance in standing[:3]]
    for backup_id in backups:
        follow(owner, "backup_create", backup_id=backup_id)
    copied, (restarted, resized, stopped) = standing[:3], standing[3:]
    users = {"users": [{"name": "beside", "password": secrets.token_hex(16)}]}
    return [
        *(("DELETE", f"/backups/{backup_id}", None) for backup_id in backups),
        *(("POST", "/backups", body("during", instance)) for instance in copied),
        *(("POST", f"/instances/{instance.id}/users", users) for instance in copied),
        ("POST", f"/instances/{restarted.id}/action", {"restart": {}}),
        ("POST", f"/instances/{resized.id}/action", {"resize": {"flavorRef": "2"}}),
        ("POST", f"/instances/{stopped.id}/action", {"stop": {}}),
    ]


def body(name: str, instance: TestInstance) -> dict[str, Any]:
    return {"backup": {"name": name, "instance": instance.id}}


def unless_cut(send: Callable[..., object], *request: object) -> None:
    """Send a request whose answer may be lost."""
    try:
        send(*request)
    except ClientException:
        return


def cut(cloud: Cloud) -> None:
    """Everything of the control plane dies at once, by the death of its supervisor."""
    status = cloud.status()
    assert status is not None
    children = psutil.Process(status.supervisor).children(recursive=True)
    os.kill(status.supervisor, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


def under_way(tenant: WatchedTenant) -> list[dict[str, Any]]:
    """The operations that have not ended."""
    listed = tenant.request("GET", "/operations?limit=100")["operations"]
    return [operation for operation in listed if operation["state"] not in ENDED]


def remove_rest(tenant: WatchedTenant, kept: set[str]) -> None:
    """Delete the backups, and the instances that are not to be kept."""
    for backup in tenant.request("GET", "/backups")["backups"]:
        tenant.request("DELETE", f"/backups/{backup['id']}")
    for instance in tenant.request("GET", "/instances")["instances"]:
        if instance["id"] not in kept:
            tenant.request("DELETE", f"/instances/{instance['id']}")
    eventually(lambda: not under_way(tenant), "the rest is deleted", END_SECONDS)

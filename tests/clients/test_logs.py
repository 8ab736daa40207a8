"""Logs as clients use them: the `openstack` command and python-troveclient; `tail` and `save` read Swift themselves."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datastores.host.logs import PART_BYTES
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.hosts.layout import HostDirectory
from tests.support.api import Api, fault, new_api
from tests.support.openstack import OpenStack
from tests.support.operations import host_id_of
from tests.support.tenants import TestInstance, an_instance, follow, tenant

LARGE_BYTES = 40 * 1024 * 1024
"""More than one call of a step publishes."""
MARK = f"mark-{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """The tenant."""
    return tenant(cloud)


@pytest.fixture(scope="module")
def instance(owner: Tenant) -> Iterator[TestInstance]:
    """An instance."""
    with an_instance(owner, f"logs-{MARK[5:13]}") as made:
        yield made


def act(api: Api, instance: TestInstance, name: str, **flags: int) -> dict[str, Any]:
    """The log after an action."""
    reply = api.call("POST", f"/instances/{instance.id}/log", json={"name": name, **flags})
    assert reply.status_code == 200, reply.text
    log: dict[str, Any] = reply.json()["log"]
    return log


def test_commands(cloud: Cloud, instance: TestInstance, tmp_path: Path) -> None:
    openstack = OpenStack(cloud)
    columns = ["Name", "Type", "Status", "Published", "Pending", "Container", "Prefix"]
    [listed] = openstack.json("database log list", instance.id)
    assert list(listed) == columns
    assert (listed["Name"], listed["Type"], listed["Status"], listed["Published"]) == ("general", "USER", "Disabled", 0)
    assert (listed["Container"], listed["Prefix"]) == ("None", "None")

    enabled = openstack.json(f"database log set {instance.id} general --enable")
    assert enabled["status"] == "Ready"
    for number in range(5):
        instance.query(f"SELECT '{MARK}-{number}'")
    published = openstack.json(f"database log set {instance.id} general --publish")
    assert published["published"] > 0
    assert published["container"] == "database_logs"
    assert published["prefix"] == f"{instance.id}/postgresql-general/"
    assert openstack.json(f"database log show {instance.id} general")["metafile"] == published["metafile"]

    instance.query(f"SELECT '{MARK}-later'")
    openstack.says(f"database log set {instance.id} general --publish")
    tail = openstack.says(f"database log tail {instance.id} general --lines 3")
    assert len(tail.strip().splitlines()) == 3
    assert f"{MARK}-later" in tail
    file = tmp_path / "saved.log"
    assert str(file) in openstack.says(f"database log save {instance.id} general --file {file}")
    said = file.read_text()
    assert [said.count(f"{MARK}-{word}'") for word in (*range(5), "later")] == [1] * 6, "nothing twice, nothing missing"

    disabled = openstack.json(f"database log set {instance.id} general --disable")
    assert disabled["status"] == "Disabled"
    instance.query(f"SELECT '{MARK}-unseen'")
    discarded = openstack.json(f"database log set {instance.id} general --discard")
    assert (discarded["published"], discarded["prefix"]) == (0, "None")
    assert openstack.json(f"database log show {instance.id} general")["status"] == "Disabled"


def test_published_counts_go_with_what_is_there(
    cloud: Cloud, demo: Api, instance: TestInstance, product_environment: dict[str, str]
) -> None:
    from tests.support import publications

    first = act(demo, instance, "general", enable=1, publish=1, discard=1)
    stored = publications.stored(demo.project_id, instance.id, "postgresql-general")
    assert first["published"] == len(stored)
    assert act(demo, instance, "general")["published"] == first["published"]
    instance.query(f"SELECT '{MARK}-counted'")
    partial = act(demo, instance, "general")
    assert (partial["status"], partial["pending"] > 0) == ("Partial", True)
    second = act(demo, instance, "general", publish=1)
    more = publications.stored(demo.project_id, instance.id, "postgresql-general")
    assert second["published"] == len(more)
    assert more.startswith(stored)
    assert f"{MARK}-counted".encode() in more
    again = act(demo, instance, "general", publish=1, discard=1)
    anew = publications.stored(demo.project_id, instance.id, "postgresql-general")
    assert again["published"] == len(anew) >= len(more)
    assert anew.startswith(more)
    act(demo, instance, "general", disable=1)


def test_error_log_is_for_administrators(demo: Api, admin: Api, instance: TestInstance) -> None:
    assert [log["name"] for log in demo.get(f"/instances/{instance.id}/log")["logs"]] == ["general"]
    assert [log["name"] for log in admin.get(f"/instances/{instance.id}/log")["logs"]] == ["general", "error"]
    for flags in ({}, {"publish": 1}):
        refused = demo.call("POST", f"/instances/{instance.id}/log", json={"name": "error", **flags})
        assert fault(refused)[0] == 403
    published = act(admin, instance, "error", publish=1)
    assert (published["type"], published["status"] in {"Published", "Partial"}) == ("SYS", True)
    assert act(admin, instance, "error", discard=1)["published"] == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "general", "enable": 1, "disable": 1}, 400),
        ({"name": "general", "enable": True}, 400),
        ({"name": "general", "publish": 2}, 400),
        ({"enable": 1}, 400),
        ({"name": "slow_query", "publish": 1}, 404),
    ],
)
def test_refusals(demo: Api, instance: TestInstance, body: dict[str, Any], status: int) -> None:
    assert fault(demo.call("POST", f"/instances/{instance.id}/log", json=body))[0] == status


def test_system_log_is_always_enabled(admin: Api, instance: TestInstance) -> None:
    for flag in ("enable", "disable"):
        refused = admin.call("POST", f"/instances/{instance.id}/log", json={"name": "error", flag: 1})
        assert fault(refused) == (400, "badRequest", f"Cannot {flag} a SYSTEM log ('error').")


def test_other_projects_see_nothing(cloud: Cloud, instance: TestInstance) -> None:
    other = new_api(cloud.session("other"))
    assert fault(other.call("GET", f"/instances/{instance.id}/log"))[0] == 404
    assert fault(other.call("POST", f"/instances/{instance.id}/log", json={"name": "general", "publish": 1}))[0] == 404


def test_large_log_of_a_database_that_died(
    cloud: Cloud, demo: Api, owner: Tenant, instance: TestInstance, product_environment: dict[str, str]
) -> None:
    from functions.cloud import swift
    from functions.storage import log_container

    root = HostDirectory.of(cloud.state.path, host_id_of(instance.id)).root
    os.kill(int((root / "data" / "postgresql" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    [file] = (root / "log").glob("postgresql-*.log")
    line = "2026-11-22 10:00:00.000 UTC [1] LOG:  statement: " + "x" * 200 + "\n"
    with file.open("a") as log:
        log.write(line * (LARGE_BYTES // len(line)))
    act(demo, instance, "general", discard=1)
    act(demo, instance, "general", publish=1, disable=1)
    follow(owner, "instance_log", instance_id=instance.id)
    shown = act(demo, instance, "general")
    assert (shown["published"], shown["pending"], shown["status"]) == (file.stat().st_size, 0, "Disabled")
    stored = swift.list_objects(log_container.CONTAINER, shown["prefix"], demo.project_id)
    assert sum(listed.size_bytes for listed in stored) == file.stat().st_size
    assert max(listed.size_bytes for listed in stored) <= PART_BYTES
    owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
    follow(owner, "instance_restart", instance_id=instance.id)

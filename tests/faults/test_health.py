"""A database that dies is seen within a minute, and so is one that serves again; what operations do is left to them."""

import os
import signal
import time
from typing import Any

import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.hosts.layout import HostDirectory
from functions.state import health, instances
from functions.state.acceptance import Caller
from tests.support.records import recorded
from tests.support.tenants import an_instance, follow, tenant

BOUND_SECONDS = 60.0


def test_killed_database_is_seen_and_so_is_its_return(cloud: Cloud, product_environment: dict[str, str]) -> None:
    owner = tenant(cloud)
    with an_instance(owner, "health") as instance:
        before = shown(owner, instance.id)
        assert before["operating_status"] == "HEALTHY"
        host = HostDirectory.of(cloud.state.path, instances.load(instance.id).host_id)
        os.kill(int((host.root / "data" / "postgresql" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        after = awaited(owner, instance.id, "ERROR")
        assert after["status"] == "ACTIVE"
        assert after["service_status_updated"] > before["service_status_updated"]
        owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
        follow(owner, "instance_restart", instance_id=instance.id)
        assert shown(owner, instance.id)["operating_status"] == "HEALTHY"
        assert instance.query("SELECT 1") == [(1,)]


@pytest.mark.usefixtures("product_environment")
def test_what_was_seen_before_an_operation_is_not_kept() -> None:
    caller = Caller("health-tests", "tester", "req-health-tests")
    with recorded(caller.project_id, 1) as [instance_id]:
        seen = instances.load(instance_id)
        assert health.record(seen, healthy=False)
        assert not health.record(seen, healthy=False), "no news"
        assert instances.load(instance_id).operating_status == "ERROR"
        seen.fence -= 1
        assert not health.record(seen, healthy=True)
        assert instances.load(instance_id).operating_status == "ERROR"


def shown(owner: Tenant, instance_id: str) -> dict[str, Any]:
    found: dict[str, Any] = owner.request("GET", f"/instances/{instance_id}")["instance"]
    return found


def awaited(owner: Tenant, instance_id: str, status: str) -> dict[str, Any]:
    """The instance once it has an operating status; within the bound."""
    limit = time.monotonic() + BOUND_SECONDS
    while (seen := shown(owner, instance_id))["operating_status"] != status:
        assert time.monotonic() < limit, f"after {BOUND_SECONDS:.0f} s it is {seen['operating_status']}"
        time.sleep(0.2)
    return seen

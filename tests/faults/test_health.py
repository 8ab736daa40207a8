"""A database that dies is seen within a minute, and so is one that serves again; what operations do is left to them."""

import json
import os
import secrets
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from datastores.conformance import Server
from datastores.etcd.conformance import EtcdSession
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.hosts.layout import HostDirectory
from functions.base.clock import now
from functions.state.instances import health, instances
from functions.state.instances.health import Finding
from functions.state.operations.acceptance import Caller
from tests.support.operations import host_id_of
from tests.support.records import recorded
from tests.support.releases import releases
from tests.support.tenants import an_instance, delete_instance, follow, tenant
from tests.support.tls import written

BOUND_SECONDS = 60.0
QUOTA_MIB = 8


def test_killed_database_is_seen_and_so_is_its_return(cloud: Cloud, product_environment: dict[str, str]) -> None:
    owner = tenant(cloud)
    with an_instance(owner, "health") as instance:
        before = shown(owner, instance.id)
        assert before["operating_status"] == "HEALTHY"
        host = HostDirectory.of(cloud.state.path, host_id_of(instance.id))
        os.kill(int((host.root / "data" / "postgresql" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        after = awaited(owner, instance.id, "ERROR")
        assert after["status"] == "ACTIVE"
        assert after["service_status_updated"] > before["service_status_updated"]
        owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
        follow(owner, "instance_restart", instance_id=instance.id)
        assert shown(owner, instance.id)["operating_status"] == "HEALTHY"
        assert instance.query("SELECT 1") == [(1,)]


@pytest.mark.skipif(
    "etcd" not in {release.datastore.name for release in releases()},
    reason="etcd is not here: get it with 'trovectl datastores --fetch'",
)
def test_full_database_is_blocked_until_its_volume_has_grown(
    cloud: Cloud, product_environment: dict[str, str], tmp_path: Path
) -> None:
    owner, user = tenant(cloud), {"name": "tester", "password": secrets.token_hex(16)}
    asked = {"name": "full", "flavorRef": "1", "volume": {"size": 1}, "datastore": {"type": "etcd"}, "users": [user]}
    instance_id = owner.request("POST", "/instances", {"instance": asked})["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    lower_quota(HostDirectory.of(cloud.state.path, host_id_of(instance_id)).root)
    owner.request("POST", f"/instances/{instance_id}/action", {"restart": {}})
    follow(owner, "instance_restart", instance_id=instance_id)
    seen = shown(owner, instance_id)
    authority = written(tmp_path / "root.pem", seen["tls"]["ca_certificate"]) if seen["tls"] else None
    with EtcdSession(Server(seen["ip"][0], 2379, user["name"], user["password"], None, authority)) as session:
        with pytest.raises(RuntimeError, match="database space exceeded"):
            session.fill(2 * QUOTA_MIB)
        assert awaited(owner, instance_id, "BLOCKED")["status"] == "ACTIVE"
        owner.request("POST", f"/instances/{instance_id}/action", {"resize": {"volume": {"size": 2}}})
        follow(owner, "instance_resize_volume", instance_id=instance_id)
        assert shown(owner, instance_id)["operating_status"] == "HEALTHY"
        session.fill(QUOTA_MIB)
    delete_instance(owner, instance_id)


def lower_quota(host: Path) -> None:
    """Have etcd hold less from its next start on, for a quota of 600 MiB is long to fill."""
    configuration = host / "conf" / "etcd.json"
    document = json.loads(configuration.read_text()) | {"quota-backend-bytes": QUOTA_MIB << 20}
    configuration.write_text(json.dumps(document))


CALLER = Caller("health-tests", "tester", "req-health-tests")


@pytest.mark.usefixtures("product_environment")
def test_what_was_seen_before_an_operation_is_not_kept() -> None:
    with recorded(CALLER.project_id, 1) as [instance_id]:
        seen = instances.load(instance_id)
        assert health.record(seen, Finding(health.FAILING))
        assert not health.record(seen, Finding(health.FAILING)), "no news"
        assert instances.load(instance_id).operating_status == "ERROR"
        assert seen.host is not None
        seen.host.fence -= 1
        assert not health.record(seen, Finding(health.HEALTHY))
        assert instances.load(instance_id).operating_status == "ERROR"


@pytest.mark.usefixtures("product_environment")
def test_runs_that_overlap_share_what_is_due() -> None:
    with recorded(CALLER.project_id, 40) as ids, ThreadPoolExecutor(4) as pool:
        claimed = [instance.id for batch in pool.map(health.claim, [15] * 4) for instance in batch]
        assert len(claimed) == len(set(claimed))
        assert not set(ids) & {instance.id for instance in health.claim(100)}


@pytest.mark.usefixtures("product_environment")
def test_a_silent_host_is_asked_ever_more_rarely() -> None:
    with recorded(CALLER.project_id, 1) as [instance_id]:
        updated = instances.load(instance_id).updated
        waits = []
        for silent in [True] * 8 + [False]:
            health.record(instances.load(instance_id), Finding(health.FAILING, silent))
            waits.append(round((instances.load(instance_id).probe_due - now()).total_seconds(), -1))
        assert waits == [20, 40, 80, 160, 320, 600, 600, 600, 20]
        assert instances.load(instance_id).updated - updated < timedelta(seconds=5), "only the status is an update"


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

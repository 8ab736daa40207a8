"""kill -9 of what carries an operation, in the middle of it: the operation still ends well, once."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import ENDED, Operation, Tenant
from tests.support.tenants import TestInstance, an_instance, create_body, delete_instance, follow, tenant

END_SECONDS = 180
ROWS = 50_000


@dataclass(frozen=True)
class Kill:
    """Which service is killed, and while which step of the operation runs."""

    service: str
    step: str

    def __str__(self) -> str:
        return f"{self.service} during {self.step}"


CREATE_KILLS = [
    Kill("mistral", "stack.create"),
    Kill("mistral", "job.run"),
    Kill("control", "stack.create"),
    Kill("hosts", "job.run"),
    Kill("heat", "stack.create"),
]
BACKUP_KILLS = [
    Kill("mistral", "job.run"),
    Kill("hosts", "job.run"),
    Kill("swift", "job.run"),
    Kill("control", "backup.commit"),
]
RESTORE_KILLS = [Kill("mistral", "job.run"), Kill("hosts", "job.run"), Kill("control", "backup.open")]


def newest(owner: Tenant, kind: str, **resource: str) -> Operation:
    """The newest operation of a kind on a resource, as the API shows it now."""
    query = "&".join(f"{key}={value}" for key, value in resource.items())
    listed = owner.request("GET", f"/operations?{query}")["operations"]
    operation_id = next(operation["id"] for operation in listed if operation["type"] == kind)
    return Operation.model_validate(owner.request("GET", f"/operations/{operation_id}")["operation"])


def kill_during(cloud: Cloud, owner: Tenant, kill: Kill, kind: str, **resource: str) -> Operation:
    """Kill the service once the step has begun; the operation when it has ended."""
    limit = time.monotonic() + END_SECONDS
    killed = False
    while time.monotonic() < limit:
        operation = newest(owner, kind, **resource)
        if not killed and any(step.name == kill.step for step in operation.steps):
            pid = cloud.pid(kill.service)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            killed = True
        if operation.state in ENDED:
            assert killed, f"{kill.step} was never seen"
            return operation
        time.sleep(0.02)
    pytest.fail(f"{kind} has not ended after {END_SECONDS} s: {operation}")


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    return tenant(cloud)


@pytest.fixture(scope="module")
def source(owner: Tenant) -> Iterator[TestInstance]:
    with an_instance(owner, "kill-source") as instance:
        instance.query("CREATE TABLE t (n int)")
        instance.query(f"INSERT INTO t SELECT generate_series(1, {ROWS})")
        yield instance


@pytest.mark.parametrize("kill", CREATE_KILLS, ids=str)
def test_create(cloud: Cloud, owner: Tenant, kill: Kill) -> None:
    body = create_body("kill-create", secrets.token_hex(16))
    instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
    ended = kill_during(cloud, owner, kill, "instance_create", instance_id=instance_id)
    assert ended.state == "SUCCEEDED", ended.error
    shown = owner.request("GET", f"/instances/{instance_id}")["instance"]
    password = body["instance"]["users"][0]["password"]
    assert TestInstance(instance_id, shown["ip"][0], password).query("SELECT 1") == [(1,)]
    delete_instance(owner, instance_id)


@pytest.mark.parametrize("kill", BACKUP_KILLS, ids=str)
def test_backup(cloud: Cloud, owner: Tenant, source: TestInstance, kill: Kill) -> None:
    body = {"backup": {"name": "kill-backup", "instance": source.id}}
    backup_id = owner.request("POST", "/backups", body)["backup"]["id"]
    ended = kill_during(cloud, owner, kill, "backup_create", backup_id=backup_id)
    assert ended.state == "SUCCEEDED", ended.error
    assert owner.request("GET", f"/backups/{backup_id}")["backup"]["status"] == "COMPLETED"
    assert source.query("SELECT count(*) FROM t") == [(ROWS,)]
    owner.request("DELETE", f"/backups/{backup_id}")
    follow(owner, "backup_delete", backup_id=backup_id)


@pytest.fixture(scope="module")
def backup_id(owner: Tenant, source: TestInstance) -> Iterator[str]:
    body = {"backup": {"name": "kill-restore", "instance": source.id}}
    made = str(owner.request("POST", "/backups", body)["backup"]["id"])
    follow(owner, "backup_create", backup_id=made)
    yield made
    owner.request("DELETE", f"/backups/{made}")
    follow(owner, "backup_delete", backup_id=made)


@pytest.mark.parametrize("kill", RESTORE_KILLS, ids=str)
def test_restore(cloud: Cloud, owner: Tenant, source: TestInstance, backup_id: str, kill: Kill) -> None:
    body = {
        "instance": {
            "name": "kill-restored",
            "flavorRef": "1",
            "volume": {"size": 1},
            "restorePoint": {"backupRef": backup_id},
        }
    }
    instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
    ended = kill_during(cloud, owner, kill, "instance_restore", instance_id=instance_id)
    assert ended.state == "SUCCEEDED", ended.error
    shown = owner.request("GET", f"/instances/{instance_id}")["instance"]
    restored = TestInstance(instance_id, shown["ip"][0], source.password)
    assert restored.query("SELECT count(*), sum(n) FROM t") == source.query("SELECT count(*), sum(n) FROM t")
    delete_instance(owner, instance_id)

"""An instance of an earlier version upgraded, as people type it: refused, failed and undone, and done."""

import secrets
from collections.abc import Iterator

import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from tests.support.api import Api, fault, new_api
from tests.support.openstack import OpenStack
from tests.support.takeover import NEW, OLD, require_takeover
from tests.support.tenants import TestInstance, create_body, delete_instance, follow, tenant

pytestmark = pytest.mark.usefixtures("product_environment")
EVERYTHING = "SELECT count(*), sum(number) FROM kept"


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    return tenant(cloud)


@pytest.fixture
def api(cloud: Cloud) -> Api:
    return new_api(cloud.session("demo"))


@pytest.fixture(scope="module")
def instance(owner: Tenant) -> Iterator[TestInstance]:
    require_takeover()
    password = secrets.token_hex(16)
    body = create_body("upgraded", password, datastore={"type": "postgresql", "version": OLD})
    instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    address = owner.request("GET", f"/instances/{instance_id}")["instance"]["ip"][0]
    made = TestInstance(instance_id, address, password)
    made.query("CREATE TABLE kept (number int); INSERT INTO kept SELECT generate_series(1, 1000)")
    yield made
    delete_instance(owner, instance_id)


@pytest.fixture(scope="module")
def backup_id(owner: Tenant, instance: TestInstance) -> Iterator[str]:
    """A backup from before the upgrade."""
    body = {"backup": {"name": "before", "instance": instance.id}}
    made: str = owner.request("POST", "/backups", body)["backup"]["id"]
    follow(owner, "backup_create", backup_id=made)
    yield made
    owner.request("DELETE", f"/backups/{made}")
    follow(owner, "backup_delete", backup_id=made)


def version(owner: Tenant, instance: TestInstance) -> tuple[str, str, str]:
    """The version that the API shows, the status, and the version that the server says."""
    shown = owner.request("GET", f"/instances/{instance.id}")["instance"]
    number = str(instance.query("SHOW server_version_num")[0][0])
    return shown["datastore"]["version"], shown["status"], number[:2]


def test_a_group_of_the_old_version_must_be_detached_first(cloud: Cloud, owner: Tenant, instance: TestInstance) -> None:
    demo = OpenStack(cloud)
    values = {"name": "old", "values": {"work_mem": "3MB"}, "datastore": {"type": "postgresql", "version": OLD}}
    group_id = owner.request("POST", "/configurations", {"configuration": values})["configuration"]["id"]
    demo.says(f"database configuration attach {instance.id} {group_id}")
    assert "detach it" in demo.refusal(f"database instance upgrade {instance.id} {NEW}")
    demo.says(f"database configuration detach {instance.id}")
    demo.says(f"database configuration delete {group_id}")
    assert version(owner, instance) == (OLD, "ACTIVE", OLD)


def test_an_upgrade_that_fails_is_undone_and_says_why(cloud: Cloud, owner: Tenant, instance: TestInstance) -> None:
    root = owner.request("POST", f"/instances/{instance.id}/root")["user"]
    superuser = TestInstance(instance.id, instance.host, root["password"], user=root["name"])
    superuser.query("CREATE EXTENSION adminpack")  # it ended with PostgreSQL 17
    OpenStack(cloud).says(f"database instance upgrade {instance.id} {NEW}")
    with pytest.raises(DemoError, match="adminpack"):
        follow(owner, "instance_upgrade", instance_id=instance.id)
    assert version(owner, instance) == (OLD, "ACTIVE", OLD)
    assert "adminpack" in owner.request("GET", f"/instances/{instance.id}")["instance"]["fault"]["message"]
    assert instance.query(EVERYTHING) == [(1000, 500500)]
    superuser.query("DROP EXTENSION adminpack")


def test_an_upgrade_keeps_the_data(cloud: Cloud, owner: Tenant, instance: TestInstance, backup_id: str) -> None:
    assert backup_id
    OpenStack(cloud).says(f"database instance upgrade {instance.id} {NEW}")
    follow(owner, "instance_upgrade", instance_id=instance.id)
    assert version(owner, instance) == (NEW, "ACTIVE", NEW)
    assert instance.query(EVERYTHING) == [(1000, 500500)]
    assert "fault" not in owner.request("GET", f"/instances/{instance.id}")["instance"]
    assert "cannot be upgraded to" in OpenStack(cloud).refusal(f"database instance upgrade {instance.id} {OLD}")


def test_a_backup_from_before_is_no_parent_and_restores_to_its_own_version(
    owner: Tenant, api: Api, instance: TestInstance, backup_id: str
) -> None:
    child = {"backup": {"name": "child", "instance": instance.id, "parent_id": backup_id}}
    code, _name, message = fault(api.call("POST", "/backups", json=child))
    assert (code, "not of this instance as it is now" in message) == (400, True)
    made = owner.request("POST", "/backups", {"backup": {"name": "full", "instance": instance.id, "incremental": 1}})
    follow(owner, "backup_create", backup_id=made["backup"]["id"])
    assert owner.request("GET", f"/backups/{made['backup']['id']}")["backup"]["parent_id"] is None
    owner.request("DELETE", f"/backups/{made['backup']['id']}")
    follow(owner, "backup_delete", backup_id=made["backup"]["id"])
    body = create_body("restored", "p4ssw0rd-of-it", restorePoint={"backupRef": backup_id})
    body["instance"]["datastore"]["version"] = NEW
    code, _name, message = fault(api.call("POST", "/instances", json=body))
    assert (code, f"cannot be restored into postgresql {NEW}" in message) == (400, True)

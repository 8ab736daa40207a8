"""The `openstack` command as its users know it: columns, values, exit codes and what it says when it is refused."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from functions.base.statuses import InstanceStatus
from tests.support.openstack import OpenStack
from tests.support.records import recorded
from tests.support.releases import releases
from tests.support.tenants import delete_instance, follow, project_id, tenant

UNKNOWN = "6f1d7c52-8a3e-4b57-9c0d-2e4b6a8c0f13"
POSTGRESQL = "1d2f0c3e-6f0a-4a58-9d0c-8f2b8a3b7c11"
VERSION_18 = "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a18"
DATASTORES = {release.datastore.name: release.datastore for release in releases()}.values()
POSTGRESQL_VERSIONS = [release.version for release in releases() if release.datastore.name == "postgresql"]
CREATE = "database instance create cli --flavor db.tiny --size 1 --datastore postgresql --datastore-version 18"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
INSTANCES_PER_PROJECT = 10

BUILDING_COLUMNS = {
    "allowed_cidrs", "created", "datastore", "datastore_version", "datastore_version_number", "flavor", "id", "name",
    "operating_status", "public", "region", "service_status_updated", "status", "updated", "volume",
}  # fmt: skip
ACTIVE_COLUMNS = BUILDING_COLUMNS | {"addresses", "ip"}
BACKUP_COLUMNS = {
    "created", "datastore", "datastore_version", "datastore_version_id", "description", "id", "instance_id",
    "locationRef", "name", "parent_id", "project_id", "size", "status", "updated",
}  # fmt: skip


@pytest.fixture(scope="module")
def demo(cloud: Cloud) -> OpenStack:
    """The command of the tenant."""
    return OpenStack(cloud)


@pytest.fixture(scope="module")
def other(cloud: Cloud) -> OpenStack:
    """The command of the second tenant."""
    return OpenStack(cloud, "other")


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """The tenant's API, to wait with."""
    return tenant(cloud)


@pytest.fixture(scope="module")
def created(demo: OpenStack, owner: Tenant) -> Iterator[dict[str, Any]]:
    """What `instance create` printed; the instance builds while other tests run."""
    printed = demo.json(CREATE, "--databases", "app", "--users", "tester:Sup3r-secret")
    yield printed
    listed = owner.request("GET", "/instances")["instances"]
    if any(instance["id"] == printed["id"] for instance in listed):
        delete_instance(owner, printed["id"])


@pytest.fixture(scope="module")
def instance_id(owner: Tenant, created: dict[str, Any]) -> str:
    """The instance once it is ACTIVE."""
    follow(owner, "instance_create", instance_id=created["id"])
    return str(created["id"])


@pytest.fixture(scope="module")
def backup(demo: OpenStack, owner: Tenant, instance_id: str) -> Iterator[dict[str, Any]]:
    """What `backup create` printed; the backup is made while other tests run."""
    printed = demo.json(f"database backup create cli-backup --instance {instance_id}", "--description", "as it was")
    yield printed
    listed = owner.request("GET", "/backups")["backups"]
    if any(listed_backup["id"] == printed["id"] for listed_backup in listed):
        owner.request("DELETE", f"/backups/{printed['id']}")
        follow(owner, "backup_delete", backup_id=printed["id"])


@pytest.fixture(scope="module")
def backup_id(owner: Tenant, backup: dict[str, Any]) -> str:
    """The backup once it is COMPLETED."""
    follow(owner, "backup_create", backup_id=backup["id"])
    return str(backup["id"])


# -- an instance is ordered; meanwhile, what there is to choose from -------------------------------------------------


def test_instance_create(created: dict[str, Any]) -> None:
    assert set(created) == BUILDING_COLUMNS
    wanted = {"name": "cli", "status": "BUILD", "operating_status": "", "flavor": "1", "volume": 1, "public": False}
    wanted |= {"datastore": "postgresql", "datastore_version": "18", "datastore_version_number": "18"}
    assert {name: created[name] for name in wanted} == wanted
    for name in ("created", "updated", "service_status_updated"):
        assert TIME.fullmatch(created[name]), f"{name} is not a time as Trove writes it: {created[name]}"


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("datastore list", [{"ID": item.id, "Name": item.name} for item in DATASTORES]),
        (
            "datastore show postgresql",
            {
                "id": POSTGRESQL,
                "name": "postgresql",
                "default_version": "18",
                "versions (id)": "\n".join(f"{version.name} ({version.id})" for version in POSTGRESQL_VERSIONS),
            },
        ),
        (
            "datastore version list postgresql",
            [{"ID": version.id, "Name": version.name, "Version": version.name} for version in POSTGRESQL_VERSIONS],
        ),
        (
            "datastore version show 18 --datastore postgresql",
            {"id": VERSION_18, "name": "18", "version": "18", "datastore": POSTGRESQL},
        ),
        (
            "database flavor list",
            [
                {"ID": 1, "Name": "db.tiny", "RAM": 512, "vCPUs": 1, "Disk": 5, "Ephemeral": 0},
                {"ID": 2, "Name": "db.small", "RAM": 1024, "vCPUs": 1, "Disk": 10, "Ephemeral": 0},
                {"ID": 3, "Name": "db.medium", "RAM": 2048, "vCPUs": 2, "Disk": 10, "Ephemeral": 0},
                {"ID": 4, "Name": "db.large", "RAM": 4096, "vCPUs": 4, "Disk": 20, "Ephemeral": 0},
            ],
        ),
        (
            "database flavor show db.medium",
            {"id": 3, "name": "db.medium", "ram": 2048, "vcpus": 2, "disk": 10, "ephemeral": 0},
        ),
    ],
)
def test_catalog(demo: OpenStack, created: dict[str, Any], command: str, printed: Any) -> None:  # noqa: ANN401 - JSON
    assert created
    assert demo.json(command) == printed


def test_limit_list(demo: OpenStack) -> None:
    table = demo.says("database limit list")
    shown = dict(re.findall(r"\| (\w+) +\| (\S+)", table))
    wanted = {"max_instances": "10", "max_volumes": "40", "max_backups": "50", "max_ram": "-1", "verb": "ABSOLUTE"}
    assert wanted.items() <= shown.items(), table


# -- the instance is there -------------------------------------------------------------------------------------------


def test_instance_show(demo: OpenStack, instance_id: str) -> None:
    by_name = demo.json("database instance show cli")
    assert OpenStack(demo.cloud, by_itself=True).json("database instance show cli") == by_name
    assert set(by_name) == ACTIVE_COLUMNS
    assert (by_name["id"], by_name["status"], by_name["operating_status"]) == (instance_id, "ACTIVE", "HEALTHY")
    assert by_name["addresses"] == [{"address": by_name["ip"], "type": "private"}]


def test_instance_list(demo: OpenStack, instance_id: str) -> None:
    [row] = [row for row in demo.json("database instance list") if row["ID"] == instance_id]
    address = row.pop("Addresses")[0]["address"]
    assert address.startswith("127.")
    assert row == {
        "ID": instance_id,
        "Name": "cli",
        "Datastore": "postgresql",
        "Datastore Version": "18",
        "Status": "ACTIVE",
        "Operating Status": "HEALTHY",
        "Public": False,
        "Flavor ID": "1",
        "Size": 1,
        "Role": "",
    }


def test_backup_create(instance_id: str, backup: dict[str, Any]) -> None:
    assert set(backup) == BACKUP_COLUMNS
    wanted = {"name": "cli-backup", "description": "as it was", "instance_id": instance_id, "status": "NEW"}
    wanted |= {"datastore": "postgresql", "datastore_version": "18", "datastore_version_id": VERSION_18}
    assert {name: backup[name] for name in wanted} == wanted


# -- while the backup runs: what is refused, and in which words -------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (f"database instance show {UNKNOWN}", f"No instance with a name or ID of '{UNKNOWN}' exists."),
        (f"database instance delete {UNKNOWN}", f"Instance {UNKNOWN} cannot be found. (HTTP 404)"),
        (f"database backup create b --instance {UNKNOWN}", f"Instance {UNKNOWN} cannot be found. (HTTP 404)"),
        ("database flavor show db.huge", "No flavor with a name or ID of 'db.huge' exists."),
        (f"{CREATE} --datastore-version 9.9", "Datastore version '9.9' cannot be found. (HTTP 400)"),
        (f"{CREATE} --size 11", "Volume 'size' cannot exceed maximum of 10 GB, 11 cannot be accepted. (HTTP 413)"),
    ],
)
def test_refused(demo: OpenStack, backup: dict[str, Any], command: str, words: str) -> None:
    assert backup
    assert words in demo.refusal(command)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("database instance show {instance}", "No instance with a name or ID of '{instance}' exists."),
        ("database instance delete {instance}", "Instance {instance} cannot be found. (HTTP 404)"),
        ("database backup show {backup}", "No backup with a name or ID of '{backup}' exists."),
    ],
)
def test_another_project_sees_nothing(other: OpenStack, backup: dict[str, Any], command: str, words: str) -> None:
    ids = {"instance": backup["instance_id"], "backup": backup["id"]}
    assert words.format(**ids) in other.refusal(command.format(**ids))


@pytest.mark.usefixtures("product_environment")
def test_busy_and_over_quota(cloud: Cloud, other: OpenStack) -> None:
    with recorded(project_id(cloud, "other"), INSTANCES_PER_PROJECT, InstanceStatus.REBOOT) as ids:
        said = other.refusal(f"database instance restart {ids[0]}")
        assert f"Instance {ids[0]} is not currently available for an action to be performed" in said
        assert "REBOOT" in said
        assert "(HTTP 422)" in said
        said = other.refusal("database instance create more --flavor 1 --size 1")
        assert "Quota exceeded for resource 'instances': requested 1, in use 10, limit 10. (HTTP 413)" in said


# -- the backup is there: restore it, restart the source, delete it all -----------------------------------------------


def test_backup_show(demo: OpenStack, backup_id: str) -> None:
    shown = demo.json("database backup show cli-backup")
    assert set(shown) == BACKUP_COLUMNS
    assert (shown["id"], shown["status"]) == (backup_id, "COMPLETED")
    assert shown["locationRef"].endswith(f"/{backup_id}/data")
    assert 0 < shown["size"] < 1


def test_backup_list(demo: OpenStack, backup_id: str) -> None:
    [row] = demo.json("database backup list --instance cli")
    assert row["ID"] == backup_id
    assert set(row) == {"ID", "Instance ID", "Name", "Status", "Parent ID", "Updated", "Project ID"}
    assert (row["Name"], row["Status"], row["Parent ID"]) == ("cli-backup", "COMPLETED", None)


def test_restore_and_restart_and_delete(demo: OpenStack, owner: Tenant, instance_id: str, backup_id: str) -> None:
    restored = demo.json("database instance create cli-restored --flavor 1 --size 1 --backup cli-backup")
    assert (restored["status"], restored["datastore_version"]) == ("BUILD", "18")
    assert demo.says("database instance restart cli") == ""
    follow(owner, "instance_restart", instance_id=instance_id)
    follow(owner, "instance_restore", instance_id=restored["id"])
    said = demo.says(f"database instance delete cli {restored['id']}")
    assert said.count("has been accepted") == 2, said
    said = demo.says("database backup delete cli-backup")
    assert f"Request to delete database backup {backup_id} has been accepted." in said
    for gone in (instance_id, restored["id"]):
        follow(owner, "instance_delete", instance_id=gone)
    follow(owner, "backup_delete", backup_id=backup_id)
    left = {instance["id"] for instance in owner.request("GET", "/instances")["instances"]}
    assert not left & {instance_id, restored["id"]}
    assert backup_id not in {backup["id"] for backup in owner.request("GET", "/backups")["backups"]}

"""What changes an instance, as people type it: each command of the real `openstack` client once, on a real engine."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import openstack
import psycopg2
import pytest
from openstack.database.v1.instance import Instance
from troveclient.v1 import client as trove

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from tests.support.openstack import OpenStack
from tests.support.tenants import TestInstance, create_body, follow, tenant

pytestmark = pytest.mark.usefixtures("product_environment")


@dataclass(frozen=True)
class Scene:
    """An instance, its tenant, and the command as the tenant and as an administrator."""

    owner: Tenant
    instance: TestInstance
    demo: OpenStack
    admin: OpenStack

    def done(self, kind: str) -> dict[str, Any]:
        """The instance once its newest operation of a kind has succeeded."""
        follow(self.owner, kind, instance_id=self.instance.id)
        shown: dict[str, Any] = self.owner.request("GET", f"/instances/{self.instance.id}")["instance"]
        assert (shown["status"], shown["operating_status"]) == ("ACTIVE", "HEALTHY")
        return shown

    def setting(self, name: str) -> str:
        """A setting of the running engine."""
        return str(self.instance.query(f"SHOW {name}")[0][0])


@pytest.fixture(scope="module")
def scene(cloud: Cloud) -> Iterator[Scene]:
    owner, password = tenant(cloud), secrets.token_hex(16)
    body = create_body("changes", password, access={"allowed_cidrs": ["127.0.0.0/8"]})
    instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    address = owner.request("GET", f"/instances/{instance_id}")["instance"]["ip"][0]
    instance = TestInstance(instance_id, address, password)
    instance.query("CREATE TABLE kept (number int); INSERT INTO kept SELECT generate_series(1, 100)")
    yield Scene(owner, instance, OpenStack(cloud), OpenStack(cloud, "admin"))
    OpenStack(cloud, "admin").says(f"database instance force delete {instance_id}")
    follow(owner, "instance_delete", instance_id=instance_id)


@pytest.fixture(autouse=True)
def _data_is_kept(scene: Scene) -> Iterator[None]:
    yield
    assert scene.instance.query("SELECT count(*) FROM kept") == [(100,)]


def test_rename(scene: Scene) -> None:
    assert scene.demo.says(f"database instance update {scene.instance.id} --name renamed") == ""
    assert scene.demo.json("database instance show renamed")["id"] == scene.instance.id


def test_access(scene: Scene) -> None:
    update = f"database instance update {scene.instance.id} --is-private --allowed-cidr"
    scene.demo.says(f"{update} 10.9.0.0/16 --allowed-cidr 10.8.0.0/16")
    shown = scene.done("instance_access")
    assert shown["access"] == {"is_public": False, "allowed_cidrs": ["10.9.0.0/16", "10.8.0.0/16"]}
    with pytest.raises(psycopg2.OperationalError, match=r"no pg_hba\.conf entry"):
        scene.instance.query("SELECT 1")
    scene.demo.says(f"{update} 127.0.0.0/8")
    scene.done("instance_access")
    shown = scene.demo.json(f"database instance show {scene.instance.id}")
    assert (shown["public"], shown["allowed_cidrs"]) == (False, ["127.0.0.0/8"])


def test_resize_flavor(scene: Scene) -> None:
    assert scene.setting("shared_buffers") == "128MB"
    scene.demo.says(f"database instance resize flavor {scene.instance.id} 2")
    assert scene.done("instance_resize")["flavor"]["id"] == "2"
    assert scene.setting("shared_buffers") == "256MB"
    assert "has flavor 2 already" in scene.demo.refusal(f"database instance resize flavor {scene.instance.id} 2")


def test_resize_volume(scene: Scene) -> None:
    scene.demo.says(f"database instance resize volume {scene.instance.id} 2")
    assert scene.done("instance_resize_volume")["volume"]["size"] == 2
    assert "must be larger" in scene.demo.refusal(f"database instance resize volume {scene.instance.id} 1")


def test_restart_and_reboot(scene: Scene) -> None:
    started = "SELECT pg_postmaster_start_time()"
    before = scene.instance.query(started)
    scene.demo.says(f"database instance restart {scene.instance.id}")
    scene.done("instance_restart")
    between = scene.instance.query(started)
    scene.admin.says(f"database instance reboot {scene.instance.id}")
    scene.done("instance_restart")
    assert before < between < scene.instance.query(started)


def test_upgrade(scene: Scene) -> None:
    scene.demo.says(f"database instance upgrade {scene.instance.id} 18")
    assert scene.done("instance_upgrade")["datastore"]["version"] == "18"
    assert "cannot be found" in scene.demo.refusal(f"database instance upgrade {scene.instance.id} 9")


def test_stop_and_start(scene: Scene) -> None:
    path = f"/instances/{scene.instance.id}"
    scene.owner.request("POST", f"{path}/action", {"stop": {}})
    follow(scene.owner, "instance_stop", instance_id=scene.instance.id)
    shown = scene.owner.request("GET", path)["instance"]
    assert (shown["status"], shown["operating_status"]) == ("SHUTDOWN", "SHUTDOWN")
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        scene.instance.query("SELECT 1")
    refusal = scene.demo.refusal(f"database backup create stopped --instance {scene.instance.id}")
    assert "status was SHUTDOWN" in refusal
    scene.owner.request("POST", f"{path}/action", {"start": {}})
    scene.done("instance_start")


def test_what_openstacksdk_sends(cloud: Cloud, scene: Scene) -> None:
    connection = openstack.connection.Connection(session=cloud.session("demo"))
    instance = connection.database.get_instance(scene.instance.id)
    assert isinstance(instance, Instance)
    instance.restart(connection.database)
    scene.done("instance_restart")
    instance.resize_volume(connection.database, 3)
    assert scene.done("instance_resize_volume")["volume"]["size"] == 3
    instance.resize(connection.database, "1")
    assert scene.done("instance_resize")["flavor"]["id"] == "1"
    connection.database.update_instance(instance, name="by the SDK")
    assert connection.database.get_instance(scene.instance.id).name == "by the SDK"


def test_management_by_troveclient(cloud: Cloud, scene: Scene) -> None:
    management = trove.Client(session=cloud.session("admin")).mgmt_instances
    assert management.show(scene.instance.id).server["status"] == "ACTIVE"
    management.stop(scene.instance.id)
    follow(scene.owner, "instance_stop", instance_id=scene.instance.id)
    trove.Client(session=cloud.session("demo")).instances.restart(scene.instance.id)
    scene.done("instance_restart")
    management.reset_task_status(scene.instance.id)
    project_id = cloud.session("demo").get_project_id()
    assert scene.instance.id in {found.id for found in management.list(project_id=project_id)}


def test_instances_of_all_projects(scene: Scene) -> None:
    listed = scene.admin.json("database instance list --all-projects")
    [ours] = [row for row in listed if row["ID"] == scene.instance.id]
    assert list(ours)[-2:] == ["Server ID", "Tenant ID"]
    assert (ours["Status"], ours["Operating Status"], ours["Datastore"]) == ("ACTIVE", "HEALTHY", "postgresql")
    assert ours["Server ID"] and ours["Tenant ID"]
    assert "administrators" in scene.demo.refusal("database instance list --all-projects")


def test_limits_and_quotas(cloud: Cloud, scene: Scene) -> None:
    demo = cloud.session("demo").get_project_id()
    assert "max_instances" in scene.demo.says("database limit list")
    before = {row["Resource"]: row for row in scene.demo.json(f"database quota show {demo}")}
    assert list(before["volumes"]) == ["Resource", "In Use", "Reserved", "Limit"]
    assert before["volumes"]["In Use"] >= 1
    limit = before["backups"]["Limit"]
    assert scene.admin.json(f"database quota update {demo} backups {limit + 1}") == {"backups": limit + 1}
    after = {row["Resource"]: row for row in scene.admin.json(f"database quota show {demo}")}
    assert after["backups"]["Limit"] == limit + 1
    scene.admin.says(f"database quota update {demo} backups {limit}")
    assert "administrators" in scene.demo.refusal(f"database quota update {demo} backups 99")


def test_reset_status(scene: Scene) -> None:
    command = f"database instance reset status {scene.instance.id}"
    assert "instance:reset_status" in scene.demo.refusal(command)
    scene.admin.says(command)
    shown = scene.demo.json(f"database instance show {scene.instance.id}")
    assert (shown["status"], "reset by an administrator" in shown["fault"]) == ("ERROR", True)
    scene.demo.says(f"database instance restart {scene.instance.id}")
    assert "fault" not in scene.done("instance_restart")

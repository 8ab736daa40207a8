"""`down` takes the control plane away and nothing else: instances serve on, and `up` finds everything as it was."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from deploy.local.cloud import Cloud
from tests.support.openstack import OpenStack
from tests.support.tenants import TestInstance, an_instance, follow, tenant

DOWN_SECONDS = 40
UP_SECONDS = 60
"""A warm start takes 8 s on an idle machine."""
FILL = "CREATE TABLE t AS SELECT n FROM generate_series(1, 1000) n"


@dataclass(frozen=True)
class Kept:
    """An instance with rows, its backup, and what the API said of both before `down`."""

    instance: TestInstance
    backup_id: str
    shown: dict[str, object]


@pytest.fixture(scope="module")
def kept(cloud: Cloud) -> Iterator[Kept]:
    """The control plane is down when this is given, and up again afterwards."""
    owner = tenant(cloud)
    with an_instance(owner, "down-up") as instance:
        instance.query(FILL)
        body = {"backup": {"name": "down-up", "instance": instance.id}}
        backup_id = str(owner.request("POST", "/backups", body)["backup"]["id"])
        follow(owner, "backup_create", backup_id=backup_id)
        paths = (f"/instances/{instance.id}", f"/backups/{backup_id}", f"/operations?instance_id={instance.id}")
        shown = {path: owner.request("GET", path) for path in paths}
        try:
            began = time.monotonic()
            cloud.down()
            assert time.monotonic() - began < DOWN_SECONDS
            yield Kept(instance, backup_id, shown)
        finally:
            cloud.up()
        owner.request("DELETE", f"/backups/{backup_id}")
        follow(owner, "backup_delete", backup_id=backup_id)


def test_instances_serve_while_the_control_plane_is_down(cloud: Cloud, kept: Kept) -> None:
    assert cloud.status() is None
    for service in ("keystone", "entrypoint"):
        with pytest.raises(requests.ConnectionError):
            requests.get(cloud.addresses.url(service), timeout=5)
    assert kept.instance.query("SELECT count(*), sum(n) FROM t") == [(1000, 500500)]
    kept.instance.query("INSERT INTO t VALUES (0)")


def test_the_command_says_that_the_service_is_away(cloud: Cloud, kept: Kept) -> None:
    assert kept
    said = OpenStack(cloud).refusal("database instance list")
    assert "refused" in said, f"the person must be told why: {said}"


def test_everything_is_there_again_after_up(cloud: Cloud, kept: Kept) -> None:
    [(started,)] = kept.instance.query("SELECT pg_postmaster_start_time()")
    began = time.monotonic()
    cloud.up()
    assert time.monotonic() - began < UP_SECONDS
    owner = tenant(cloud)
    assert {path: owner.request("GET", path) for path in kept.shown} == kept.shown
    listed = owner.request("GET", "/instances")["instances"]
    assert kept.instance.id in {instance["id"] for instance in listed}
    assert kept.instance.query("SELECT count(*) FROM t") == [(1001,)]
    assert kept.instance.query("SELECT pg_postmaster_start_time()") == [(started,)], "the instance was restarted"


def test_operations_go_on_after_up(cloud: Cloud, kept: Kept) -> None:
    owner = tenant(cloud)
    owner.request("POST", f"/instances/{kept.instance.id}/action", {"restart": {}})
    follow(owner, "instance_restart", instance_id=kept.instance.id)
    assert kept.instance.query("SELECT count(*) FROM t") == [(1001,)]

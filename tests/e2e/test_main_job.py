"""The main job through the `openstack` command: create, fill, back up, restore, restart, delete, nothing left."""

import secrets
import time
from typing import Any

import psycopg2
import pytest

from deploy.local.cloud import Cloud
from tests.support.openstack import OpenStack
from tests.support.tenants import TestInstance, project_id
from tests.support.traces import Traces, traces

pytestmark = pytest.mark.usefixtures("product_environment")

WAIT_SECONDS = 120
CREATE = "database instance create {name} --flavor db.tiny --size 1"
FILL = """
CREATE TABLE orders (id bigserial PRIMARY KEY, item text NOT NULL, price numeric(10, 2), at timestamptz, raw bytea);
INSERT INTO orders (item, price, at, raw)
SELECT 'Größe ' || n, n / 7.0, '2026-01-01Z'::timestamptz + n * interval '1 minute', sha256(n::text::bytea)
FROM generate_series(1, 20000) n;
CREATE INDEX ON orders (at);
"""
ALL_ROWS = "SELECT id, item, price, at, raw::text FROM orders ORDER BY id"


def await_status(openstack: OpenStack, kind: str, name: str, wanted: str) -> dict[str, Any]:
    """Poll `database <kind> show` until the status is the one wanted, and give what it printed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        shown: dict[str, Any] = openstack.json(f"database {kind} show {name}")
        if shown["status"] == wanted:
            return shown
        assert shown["status"] not in {"ERROR", "FAILED"}, f"{kind} {name} failed: {shown}"
        assert time.monotonic() < deadline, f"{kind} {name} is not {wanted} after {WAIT_SECONDS} s: {shown}"


def await_gone(openstack: OpenStack, kind: str, ids: set[str]) -> None:
    """Poll `database <kind> list` until none of the ids is in it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while left := ids & {row["ID"] for row in openstack.json(f"database {kind} list")}:
        assert time.monotonic() < deadline, f"still there after {WAIT_SECONDS} s: {kind} {left}"


def test_main_job(cloud: Cloud) -> None:
    openstack = OpenStack(cloud)
    before = traces(cloud, project_id(cloud))

    source = create_filled(openstack)
    backed_up = source.query(ALL_ROWS)
    backup = openstack.json(f"database backup create e2e-backup --instance {source.id}")
    await_status(openstack, "backup", backup["id"], "COMPLETED")
    source.query("UPDATE orders SET item = 'changed' WHERE id % 2 = 0; INSERT INTO orders (item) VALUES ('later')")
    assert source.query(ALL_ROWS) != backed_up

    restored = restore(openstack, backup["id"], source)
    assert restored.query(ALL_ROWS) == backed_up, "the restored rows are not those of the moment of the backup"
    assert_independent(source, restored)
    assert_restarted_with_rows(openstack, restored)

    assert_there(cloud, before, backup["id"])
    openstack.says(f"database instance delete {source.id} {restored.id}")
    openstack.says(f"database backup delete {backup['id']}")
    await_gone(openstack, "instance", {source.id, restored.id})
    await_gone(openstack, "backup", {backup["id"]})
    assert traces(cloud, project_id(cloud)) == before, "something of the deleted instances and backup is left"


def create_filled(openstack: OpenStack) -> TestInstance:
    """An instance with a database, a user of it, and rows."""
    password = secrets.token_hex(16)
    accounts = ("--databases", TestInstance.database, "--users", f"{TestInstance.user}:{password}")
    made = openstack.json(CREATE.format(name="e2e-source"), "--datastore", "postgresql", *accounts)
    shown = await_status(openstack, "instance", made["id"], "ACTIVE")
    source = TestInstance(shown["id"], shown["ip"], password)
    source.query(FILL)
    return source


def restore(openstack: OpenStack, backup_id: str, source: TestInstance) -> TestInstance:
    """A second instance from the backup; its user has the password of the time of the backup."""
    made = openstack.json(f"{CREATE.format(name='e2e-restored')} --backup {backup_id}")
    shown = await_status(openstack, "instance", made["id"], "ACTIVE")
    return TestInstance(shown["id"], shown["ip"], source.password)


def assert_independent(source: TestInstance, restored: TestInstance) -> None:
    """What is written to the one is not in the other; sequences go on."""
    assert source.host != restored.host
    [(highest,)] = restored.query("SELECT max(id) FROM orders")
    [(new,)] = restored.query("INSERT INTO orders (item) VALUES ('only in the copy') RETURNING id")
    assert new > highest
    assert source.query("SELECT count(*) FROM orders WHERE item = 'only in the copy'") == [(0,)]


def assert_restarted_with_rows(openstack: OpenStack, instance: TestInstance) -> None:
    """A restart ends the server that ran, and nothing committed is lost."""
    rows = instance.query(ALL_ROWS)
    [(started,)] = instance.query("SELECT pg_postmaster_start_time()")
    openstack.says(f"database instance restart {instance.id}")
    await_status(openstack, "instance", instance.id, "ACTIVE")
    [(started_again,)] = instance.query("SELECT pg_postmaster_start_time()")
    assert started_again > started, "the server was not restarted"
    assert instance.query(ALL_ROWS) == rows
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        TestInstance(instance.id, instance.host, "wrong").query("SELECT 1")


def assert_there(cloud: Cloud, before: Traces, backup_id: str) -> None:
    """The traces of two instances and a backup are seen, so that their absence means something afterwards."""
    there = traces(cloud, project_id(cloud))
    assert len(there.stacks - before.stacks) == 2
    assert len(there.host_directories - before.host_directories) == 2
    assert there.hosts_with_processes - before.hosts_with_processes == there.host_directories - before.host_directories
    names = {name for name in there.objects if name.startswith(f"{backup_id}/")}
    assert {f"{backup_id}/{name}" for name in ("data", "segments.json", "restore.json")} < names
    assert (there.usage.instances - before.usage.instances, there.usage.backups - before.usage.backups) == (2, 1)

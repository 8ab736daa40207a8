"""What tests do as a tenant: make instances and backups through the API and wait for their operations."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2

from deploy.local.cloud import Cloud
from deploy.local.demo.client import ENDED, POLL_SECONDS, Operation, Tenant


def tenant(cloud: Cloud, name: str = "demo") -> Tenant:
    """The API as a project of the embedded cloud sees it."""
    return Tenant(cloud.session(name))


def project_id(cloud: Cloud, name: str = "demo") -> str:
    """The id of a cloud's project."""
    found = cloud.session(name).get_project_id()
    assert found, f"the cloud {name} has no project"
    return found


@dataclass(frozen=True)
class TestInstance:
    """A PostgreSQL instance with one user who owns one database."""

    __test__ = False
    id: str
    host: str
    password: str
    database: str = "app"
    user: str = "tester"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the user; its rows."""
        connection = psycopg2.connect(
            host=self.host, dbname=self.database, user=self.user, password=self.password, connect_timeout=5
        )
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def create_body(name: str, password: str, **more: object) -> dict[str, Any]:
    """The body of a create request."""
    user = {"name": TestInstance.user, "password": password, "databases": [{"name": TestInstance.database}]}
    instance = {
        "name": name,
        "flavorRef": "1",
        "volume": {"size": 1},
        "datastore": {"type": "postgresql"},
        "databases": [{"name": TestInstance.database}],
        "users": [user],
    }
    return {"instance": instance | more}


def follow(owner: Tenant, kind: str, **resource: str) -> Operation:
    """Wait until the newest operation of a kind on a resource SUCCEEDED."""
    return owner.follow(resource, kind, lambda _operation: None)


def outcome(owner: Tenant, kind: str, seconds: float = 180, **resource: str) -> Operation:
    """Wait up to `seconds` until the newest operation of a kind on a resource has ended, however it did."""
    deadline = time.monotonic() + seconds
    query = "&".join(f"{key}={value}" for key, value in resource.items())
    while True:
        listed = owner.request("GET", f"/operations?{query}")["operations"]
        operation_id = next(operation["id"] for operation in listed if operation["type"] == kind)
        seen = Operation.model_validate(owner.request("GET", f"/operations/{operation_id}")["operation"])
        if seen.state in ENDED:
            return seen
        assert time.monotonic() < deadline, f"{kind} has not ended after {seconds} s: {seen}"
        time.sleep(POLL_SECONDS)


def create_instance(owner: Tenant, name: str) -> TestInstance:
    """An ACTIVE instance."""
    password = secrets.token_hex(16)
    instance_id = owner.request("POST", "/instances", create_body(name, password))["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    shown = owner.request("GET", f"/instances/{instance_id}")["instance"]
    return TestInstance(instance_id, shown["ip"][0], password)


@contextmanager
def an_instance(owner: Tenant, name: str) -> Iterator[TestInstance]:
    """An instance that is ACTIVE inside the block and gone after it."""
    made = create_instance(owner, name)
    try:
        yield made
    finally:
        delete_instance(owner, made.id)


def delete_instance(owner: Tenant, instance_id: str) -> None:
    """Delete an instance and wait until it is gone; before it, replicas that a failed test has left."""
    for replica in owner.request("GET", f"/instances/{instance_id}")["instance"].get("replicas", ()):
        delete_instance(owner, replica["id"])
    owner.request("DELETE", f"/instances/{instance_id}")
    follow(owner, "instance_delete", instance_id=instance_id)

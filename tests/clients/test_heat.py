"""Heat's own resource type OS::Trove::Instance in a tenant's stack: created, changed and deleted by the real Heat."""

import secrets
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from heatclient.client import Client

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from tests.support.tenants import TestInstance, tenant

STACK_SECONDS = 120
POLL_SECONDS = 0.5


def template(password: str, databases: list[str], volume: int) -> dict[str, Any]:
    """A stack with one instance."""
    instance = {
        "type": "OS::Trove::Instance",
        "properties": {
            "name": "from-heat",
            "flavor": "db.tiny",
            "size": volume,
            "datastore_type": "postgresql",
            "datastore_version": "18",
            "databases": [{"name": name} for name in databases],
            "users": [{"name": "tester", "password": password, "databases": ["app"]}],
        },
    }
    outputs = {"href": {"value": {"get_attr": ["database", "href"]}}}
    return {"heat_template_version": "2021-04-16", "resources": {"database": instance}, "outputs": outputs}


class Stack:
    """A stack of the tenant's."""

    def __init__(self, cloud: Cloud) -> None:
        self._heat = Client("1", session=cloud.session("demo"))
        self.name = f"heat-{uuid.uuid4().hex[:8]}"

    def put(self, wanted: dict[str, Any]) -> dict[str, str]:
        """Make it so; its outputs."""
        if self._is_there():
            self._heat.stacks.update(self.name, template=wanted)
            action = "UPDATE"
        else:
            self._heat.stacks.create(stack_name=self.name, template=wanted)
            action = "CREATE"
        shown = self._await(f"{action}_COMPLETE")
        return {output["output_key"]: output["output_value"] for output in shown.outputs}

    def delete(self) -> None:
        """Delete it and wait until it is gone; one that is not there stays so."""
        if self._is_there():
            self._heat.stacks.delete(self.name)
        deadline = time.monotonic() + STACK_SECONDS
        while self._is_there():
            assert time.monotonic() < deadline, f"stack {self.name} is still there"
            time.sleep(POLL_SECONDS)

    def _is_there(self) -> bool:
        return any(stack.stack_name == self.name for stack in self._heat.stacks.list())

    def _await(self, wanted: str) -> Any:  # noqa: ANN401 - heatclient has no types
        deadline = time.monotonic() + STACK_SECONDS
        while (shown := self._heat.stacks.get(self.name)).stack_status != wanted:
            assert not shown.stack_status.endswith("FAILED"), shown.stack_status_reason
            assert time.monotonic() < deadline, f"stack {self.name} is {shown.stack_status}"
            time.sleep(POLL_SECONDS)
        return shown


@pytest.fixture
def stack(cloud: Cloud) -> Iterator[Stack]:
    """A stack that is gone at the end."""
    made = Stack(cloud)
    yield made
    made.delete()


def test_an_instance_in_a_stack(cloud: Cloud, stack: Stack) -> None:
    owner, password = tenant(cloud), secrets.token_hex(16)
    href = stack.put(template(password, ["app"], 1))["href"]
    [shown] = owner.named("instances", "from-heat")
    assert href.endswith(f"/instances/{shown['id']}")
    instance = TestInstance(shown["id"], shown["ip"][0], password)
    assert instance.query("SELECT current_database()") == [("app",)]

    stack.put(template(password, ["app", "second"], 2))
    assert databases(owner, instance.id) == {"app", "second"}
    assert owner.request("GET", f"/instances/{instance.id}")["instance"]["volume"]["size"] == 2

    stack.delete()
    assert owner.named("instances", "from-heat") == []


def databases(owner: Tenant, instance_id: str) -> set[str]:
    """Names of an instance's databases."""
    return {item["name"] for item in owner.request("GET", f"/instances/{instance_id}/databases")["databases"]}

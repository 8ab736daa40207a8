"""A page's Terraform file, applied with the requests that the provider of OpenStack sends for it.

The provider comes from a registry that builds do not reach. What it sends and expects is that of version 3 (package
`db/v1` of gophercloud): an instance is made without its configuration group, watched until it is ACTIVE by way of BUILD
alone, and then given the group; databases and users are made one by one; deleting goes the other way round.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.support.api import Api

REFERENCE = re.compile(r"\$\{(.+)\}")
POLL_SECONDS = 0.5
LIMIT_SECONDS = 120

Attributes = dict[str, Any]
Resources = dict[str, tuple[str, Attributes]]


def read(text: str) -> Resources:
    """The resources of a file, in its order: their kind and attributes by address such as `kind.name`."""
    import hcl2

    found: Resources = {}
    for block in _plain(hcl2.loads(text))["resource"]:
        for kind, named in block.items():
            found |= {f"{kind}.{name}": (kind, attributes) for name, attributes in named.items()}
    return found


class Provider:
    """One application of a file; `variables` are its variables' values."""

    def __init__(self, api: Api, variables: dict[str, str]) -> None:
        self._api = api
        self._values: dict[str, Any] = {f"var.{name}": value for name, value in variables.items()}
        self._made: list[tuple[str, str]] = []

    def apply(self, resources: Resources) -> None:
        """Make the resources. Raises AssertionError: the service answers otherwise than the provider expects."""
        makers: dict[str, Callable[[Attributes], Attributes]] = {
            "openstack_db_configuration_v1": self._configuration,
            "openstack_db_instance_v1": self._instance,
            "openstack_db_database_v1": self._database,
            "openstack_db_user_v1": self._user,
        }
        for address, (kind, attributes) in resources.items():
            made = makers[kind](self._resolved(attributes))
            self._values |= {f"{address}.{name}": value for name, value in made.items()}

    def value(self, address: str) -> Any:  # noqa: ANN401 - an attribute
        """An attribute of a resource that was made."""
        return self._values[address]

    def destroy(self) -> None:
        """Delete what was made, the last first."""
        for path, statuses in reversed(self._made):
            self._send("DELETE", path, 202)
            if statuses:
                self._await_end(path, statuses.split())
        self._made.clear()

    def _configuration(self, given: Attributes) -> Attributes:
        values = {item["name"]: _number(item["value"]) for item in given["configuration"]}
        body = {
            "name": given["name"],
            "description": given["description"],
            "datastore": given["datastore"][0],
            "values": values,
        }
        made = self._send("POST", "/configurations", 200, {"configuration": body})["configuration"]
        self._made.append((f"/configurations/{made['id']}", ""))
        return {"id": made["id"]}

    def _instance(self, given: Attributes) -> Attributes:
        body = {
            "name": given["name"],
            "flavorRef": given["flavor_id"],
            "volume": {"size": given["size"]},
            "datastore": given["datastore"][0],
        }
        made = self._send("POST", "/instances", 200, {"instance": body})["instance"]
        path = f"/instances/{made['id']}"
        self._made.append((path, "ACTIVE SHUTDOWN"))
        shown = self._await_active(path)
        self._send("PUT", path, 202, {"instance": {"configuration": given["configuration_id"]}})
        return {"id": made["id"], "addresses": [entry["address"] for entry in shown["addresses"]]}

    def _database(self, given: Attributes) -> Attributes:
        path = f"/instances/{given['instance_id']}/databases"
        self._send("POST", path, 202, {"databases": [{"name": given["name"]}]})
        listed = self._send("GET", path, 200)["databases"]
        assert given["name"] in [item["name"] for item in listed]
        self._made.append((f"{path}/{given['name']}", ""))
        return {"name": given["name"]}

    def _user(self, given: Attributes) -> Attributes:
        path = f"/instances/{given['instance_id']}/users"
        databases = [{"name": name} for name in given["databases"]]
        body = {"name": given["name"], "password": given["password"], "databases": databases}
        self._send("POST", path, 202, {"users": [body]})
        listed = self._send("GET", path, 200)["users"]
        assert given["name"] in [item["name"] for item in listed]
        self._made.append((f"{path}/{given['name']}", ""))
        return {"name": given["name"]}

    def _send(self, method: str, path: str, status: int, body: Attributes | None = None) -> Any:  # noqa: ANN401 - JSON
        reply = self._api.call(method, path, json=body)
        assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None

    def _await_active(self, path: str) -> Attributes:
        give_up = time.monotonic() + LIMIT_SECONDS
        while (shown := self._send("GET", path, 200)["instance"])["status"] != "ACTIVE":
            assert shown["status"] == "BUILD", f"the provider gives up at {shown['status']}"
            assert time.monotonic() < give_up, shown
            time.sleep(POLL_SECONDS)
        return dict(shown)

    def _await_end(self, path: str, statuses: list[str]) -> None:
        give_up = time.monotonic() + LIMIT_SECONDS
        while (reply := self._api.call("GET", path)).status_code != 404:
            assert reply.json()["instance"]["status"] in statuses, reply.text
            assert time.monotonic() < give_up, reply.text
            time.sleep(POLL_SECONDS)

    def _resolved(self, value: Any) -> Any:  # noqa: ANN401 - what a file can hold
        if isinstance(value, dict):
            return {name: self._resolved(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        reference = REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return self._values[reference[1]] if reference else value


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a file can hold
    """The parser's tree without the quotes and marks that it keeps."""
    if isinstance(value, dict):
        return {name.strip('"'): _plain(item) for name, item in value.items() if name != "__is_block__"}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.strip('"') if isinstance(value, str) else value


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text

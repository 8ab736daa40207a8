"""Heat resource `Trove::Local::Host`: a local host for the embedded cloud.

It has the properties and attributes of the abstract `Trove::Host` (deploy/heat/instance.yaml). The state directory
comes from the environment variable TROVE_LOCAL_STATE of the Heat process.
"""

import os
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from heat.common import exception
from heat.engine import attributes, properties, resource

from deploy.local.hosts import lifecycle
from deploy.local.hosts.layout import SSH_PORT, USERNAME, HostDirectory

START_TIMEOUT = 30.0
"""Seconds until the host's SSH server must listen."""


class Starting(NamedTuple):
    """A host on its way up."""

    host: HostDirectory
    deadline: float


def _property(kind: str, description: str, *, update: bool = True, **more: Any) -> Any:  # noqa: ANN401
    return properties.Schema(kind, description, required=True, update_allowed=update, **more)


class TroveLocalHost(resource.Resource):  # type: ignore[misc]
    """A directory, a loopback address, an SSH server.

    Heat may replace a half-made resource by a second one for the same host and delete the first one afterwards. So
    each resource has an id of its own, kept before the host is made; the host belongs to the newest, and only that
    one destroys it.
    """

    properties_schema = {  # noqa: RUF012 - Heat's form
        "instance_id": _property(properties.Schema.STRING, "The database instance.", update=False),
        "host_id": _property(properties.Schema.STRING, "The host's own id.", update=False),
        "project_id": _property(properties.Schema.STRING, "The tenant's project."),
        "datastore": _property(properties.Schema.STRING, "The datastore."),
        "version": _property(properties.Schema.STRING, "Name of the datastore's version."),
        "flavor": _property(properties.Schema.STRING, "Name of the flavor."),
        "memory": _property(properties.Schema.INTEGER, "Memory in MB."),
        "cpus": _property(properties.Schema.INTEGER, "CPUs."),
        "volume_size": _property(properties.Schema.INTEGER, "Volume in GB."),
        "ports": _property(
            properties.Schema.LIST,
            "Ports the database listens on.",
            schema=properties.Schema(properties.Schema.INTEGER),
        ),
        "allowed_cidrs": _property(properties.Schema.LIST, "Networks that may reach the database."),
        "public": _property(properties.Schema.BOOLEAN, "Whether it has a public address."),
        "ssh_user_ca": _property(properties.Schema.STRING, "Authority of user certificates (public key)."),
        "host_key": _property(properties.Schema.STRING, "The host's private SSH key."),
        "host_certificate": _property(properties.Schema.STRING, "The host's SSH certificate."),
    }

    attributes_schema = {  # noqa: RUF012 - Heat's form
        "management_address": attributes.Schema("Where SSH answers.", type=attributes.Schema.STRING),
        "management_port": attributes.Schema("SSH's port.", type=attributes.Schema.INTEGER),
        "username": attributes.Schema("SSH's user name.", type=attributes.Schema.STRING),
        "addresses": attributes.Schema("Addresses of the database.", type=attributes.Schema.LIST),
    }

    def handle_create(self) -> Starting:
        """Start making the host."""
        self.resource_id_set(str(uuid.uuid4()))
        return self._start(self.properties)

    def check_create_complete(self, starting: Starting) -> bool:
        """Whether the host's SSH server listens."""
        if lifecycle.listening(starting.host):
            return True
        if time.monotonic() >= starting.deadline:
            raise exception.Error(f"the host's SSH server did not start; see {starting.host.sshd_log}")
        return False

    def handle_update(self, json_snippet: Any, tmpl_diff: Any, prop_diff: dict[str, Any]) -> Starting | None:  # noqa: ANN401
        """Write the host's new facts and keys."""
        if not prop_diff:
            return None
        return self._start(json_snippet.properties(self.properties_schema, self.context))

    def check_update_complete(self, starting: Starting | None) -> bool:
        """Whether the host's SSH server listens."""
        return starting is None or self.check_create_complete(starting)

    def handle_check(self) -> None:
        """Tell whether the host answers."""
        if not lifecycle.listening(self._host()):
            raise exception.Error("the host's SSH server does not answer: `trovectl up` boots it")

    def handle_delete(self) -> lifecycle.Destruction | None:
        """Start destroying the host, if it is this resource's."""
        host = self._host()
        if self.resource_id is None or not host.belongs_to(self.resource_id):
            return None
        return lifecycle.Destruction(_state_dir(), host)

    def check_delete_complete(self, destruction: lifecycle.Destruction | None) -> bool:
        """Whether the host is gone."""
        return destruction is None or destruction.over()

    def _resolve_attribute(self, name: str) -> object:
        if self.resource_id is None:
            return None
        address = self._host().facts().address
        values: dict[str, object] = {
            "management_address": address,
            "management_port": SSH_PORT,
            "username": USERNAME,
            "addresses": [{"address": address, "type": "private"}],
        }
        return values[name]

    def _host(self) -> HostDirectory:
        return HostDirectory.of(_state_dir(), self.properties["host_id"])

    def _start(self, values: Any) -> Starting:  # noqa: ANN401 - Heat's Properties
        host = lifecycle.ensure(
            _state_dir(),
            lifecycle.HostSpec(
                host_id=values["host_id"],
                owner=self.resource_id,
                memory_mb=values["memory"],
                cpus=values["cpus"],
                volume_gb=values["volume_size"],
                user_ca=values["ssh_user_ca"],
                host_certificate=values["host_certificate"],
                host_key=values["host_key"],
            ),
        )
        return Starting(host, time.monotonic() + START_TIMEOUT)


def _state_dir() -> Path:
    try:
        return Path(os.environ["TROVE_LOCAL_STATE"])
    except KeyError:
        raise exception.Error("set TROVE_LOCAL_STATE to the embedded cloud's state directory") from None


def resource_mapping() -> dict[str, type[TroveLocalHost]]:
    """What Heat asks a plugin for."""
    return {"Trove::Local::Host": TroveLocalHost}

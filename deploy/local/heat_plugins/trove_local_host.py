"""Heat resource `Trove::Local::Host`: a local host for the embedded cloud.

It has the properties and attributes of the abstract `Trove::Host` (deploy/heat/instance.yaml). The state directory
comes from the environment variable TROVE_LOCAL_STATE of the Heat process.
"""

import time
import uuid
from typing import Any, NamedTuple

from heat.common import exception
from heat.engine import attributes, properties, resource

from deploy.local.heat_resources import optional, required, state_dir
from deploy.local.hosts import lifecycle
from deploy.local.hosts.layout import SSH_PORT, USERNAME, HostDirectory
from deploy.local.hosts.processes import Termination

START_TIMEOUT = 30.0
"""Seconds after which a change fails if the host's SSH server does not listen, or its processes do not end."""


class Change(NamedTuple):
    """A host that is starting, or whose processes are being ended, and the time at which waiting for it fails."""

    host: HostDirectory
    deadline: float
    ending: Termination | None = None


class TroveLocalHost(resource.Resource):  # type: ignore[misc]
    """A local host: a directory, a loopback address and an SSH server.

    Heat may replace a half-created resource by a second one for the same host and delete the first one afterwards. So
    each resource stores an id of its own before it creates the host. The host belongs to the newest resource, and only
    that one destroys it.
    """

    properties_schema = {  # noqa: RUF012 - Heat's form
        "instance_id": required(properties.Schema.STRING, "The database instance.", update=False),
        "host_id": required(properties.Schema.STRING, "The host's own id.", update=False),
        "project_id": required(properties.Schema.STRING, "The tenant's project."),
        "datastore": required(properties.Schema.STRING, "The datastore."),
        "version": required(properties.Schema.STRING, "Name of the datastore's version."),
        "flavor": required(properties.Schema.STRING, "Name of the flavor."),
        "memory": required(properties.Schema.INTEGER, "Memory in MB."),
        "cpus": required(properties.Schema.INTEGER, "CPUs."),
        "volume_size": required(properties.Schema.INTEGER, "Volume in GB."),
        "ports": required(
            properties.Schema.LIST,
            "Ports the database listens on.",
            schema=properties.Schema(properties.Schema.INTEGER),
        ),
        "allowed_cidrs": required(properties.Schema.LIST, "Networks that may reach the database."),
        "public": required(properties.Schema.BOOLEAN, "Whether it has a public address."),
        "ssh_user_ca": required(properties.Schema.STRING, "Authority of user certificates (public key)."),
        "host_key": required(properties.Schema.STRING, "The host's private SSH key."),
        "host_certificate": required(properties.Schema.STRING, "The host's SSH certificate."),
        "isolated": optional(properties.Schema.BOOLEAN, "Whether it is cut off: no process of it runs.", False),
        "endpoint_addresses": optional(properties.Schema.LIST, "Addresses it may hold; needed on Nova only.", []),
    }

    attributes_schema = {  # noqa: RUF012 - Heat's form
        "management_address": attributes.Schema("Where SSH answers.", type=attributes.Schema.STRING),
        "management_port": attributes.Schema("SSH's port.", type=attributes.Schema.INTEGER),
        "username": attributes.Schema("SSH's user name.", type=attributes.Schema.STRING),
        "addresses": attributes.Schema("Addresses of the database.", type=attributes.Schema.LIST),
    }

    def handle_create(self) -> Change:
        """Create the host and start its SSH server, without waiting."""
        self.resource_id_set(str(uuid.uuid4()))
        return self._start(self.properties)

    def check_create_complete(self, change: Change) -> bool:
        """Return whether the host's SSH server listens, or, if the host is isolated, none of its processes runs."""
        if lifecycle.listening(change.host) if change.ending is None else change.ending.finished():
            return True
        if time.monotonic() >= change.deadline:
            what = "SSH server did not start" if change.ending is None else "processes do not end"
            raise exception.Error(f"the host's {what}; see {change.host.sshd_log}")
        return False

    def handle_update(self, json_snippet: Any, tmpl_diff: Any, prop_diff: dict[str, Any]) -> Change | None:  # noqa: ANN401
        """Write the host's new facts and keys, isolate it or let it back; do nothing if no property has changed."""
        if not prop_diff:
            return None
        return self._start(json_snippet.properties(self.properties_schema, self.context))

    def check_update_complete(self, change: Change | None) -> bool:
        """Return whether the change is made."""
        return change is None or self.check_create_complete(change)

    def handle_check(self) -> None:
        """Raise an error if the host's SSH server does not listen."""
        if not lifecycle.listening(self._host()):
            raise exception.Error("the host's SSH server does not answer: `trovectl up` boots it")

    def handle_delete(self) -> lifecycle.Destruction | None:
        """Start to destroy the host if it belongs to this resource."""
        host = self._host()
        if self.resource_id is None or not host.belongs_to(self.resource_id):
            return None
        return lifecycle.Destruction(state_dir(), host)

    def check_delete_complete(self, destruction: lifecycle.Destruction | None) -> bool:
        """Return whether the host is destroyed."""
        return destruction is None or destruction.finished()

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
        return HostDirectory.of(state_dir(), self.properties["host_id"])

    def _start(self, values: Any) -> Change:  # noqa: ANN401 - Heat's Properties
        host = lifecycle.ensure(
            state_dir(),
            lifecycle.HostSpec(
                host_id=values["host_id"],
                owner=self.resource_id,
                memory_mb=values["memory"],
                cpus=values["cpus"],
                volume_gb=values["volume_size"],
                user_ca=values["ssh_user_ca"],
                host_certificate=values["host_certificate"],
                host_key=values["host_key"],
                isolated=values["isolated"],
            ),
        )
        ending = lifecycle.isolate(host) if values["isolated"] else None
        return Change(host, time.monotonic() + START_TIMEOUT, ending)


def resource_mapping() -> dict[str, type[TroveLocalHost]]:
    """Return the resource types of this plugin; Heat calls it."""
    return {"Trove::Local::Host": TroveLocalHost}

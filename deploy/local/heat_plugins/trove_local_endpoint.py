"""Heat resource `Trove::Local::Endpoint`: an endpoint of the embedded cloud, an address with a proxy.

It has the properties and attributes of the abstract `Trove::Endpoint` (deploy/heat/endpoint.yaml).
"""

import uuid
from collections.abc import Mapping
from typing import Any

from heat.common import exception
from heat.engine import attributes, constraints, properties, resource

from deploy.local.endpoints import lifecycle
from deploy.local.endpoints.layout import SLOTS, EndpointDirectory
from deploy.local.heat_resources import required, state_dir


def _list(description: str, constraint: str) -> Any:  # noqa: ANN401 - of Heat
    """Return the schema of a list whose elements Heat checks, since they become words of the proxy's configuration."""
    element = properties.Schema(properties.Schema.STRING, constraints=[constraints.CustomConstraint(constraint)])
    return required(properties.Schema.LIST, description, schema=element)


class TroveLocalEndpoint(resource.Resource):  # type: ignore[misc]
    """A local endpoint: a loopback address and a proxy that listens on it.

    As with `Trove::Local::Host`, the endpoint belongs to the newest resource that was made for its id, and only that
    one destroys it. A change is in effect when the handler returns, so nothing is waited for.
    """

    properties_schema = {  # noqa: RUF012 - Heat's form
        "endpoint_id": required(properties.Schema.STRING, "The endpoint.", update=False),
        "project_id": required(properties.Schema.STRING, "The tenant's project."),
        "kind": required(
            properties.Schema.STRING,
            "Whether it leads to one target or shares connections between several.",
            update=False,
            constraints=[constraints.AllowedValues(list(SLOTS))],
        ),
        "ports": required(
            properties.Schema.LIST,
            "Ports it listens on, and connects to.",
            schema=properties.Schema(properties.Schema.INTEGER),
        ),
        "targets": _list("Addresses of the hosts that it leads to.", "ip_addr"),
        "allowed_cidrs": _list("Networks that may connect.", "net_cidr"),
        "public": required(properties.Schema.BOOLEAN, "Whether it has a public address."),
    }

    attributes_schema = {  # noqa: RUF012 - Heat's form
        "addresses": attributes.Schema("Addresses of the endpoint.", type=attributes.Schema.LIST),
        "source_cidrs": attributes.Schema("Networks it connects to hosts from.", type=attributes.Schema.LIST),
        "held_by_host": attributes.Schema("Whether the host holds its address.", type=attributes.Schema.BOOLEAN),
    }

    def handle_create(self) -> None:
        """Create the endpoint and start its proxy if it has a target."""
        self.resource_id_set(str(uuid.uuid4()))
        self._ensure(self.properties)

    def handle_update(self, json_snippet: Any, tmpl_diff: Any, prop_diff: Mapping[str, object]) -> None:  # noqa: ANN401
        """Lead new sessions to the new targets and end those to the former ones; do nothing if nothing has changed."""
        if prop_diff:
            self._ensure(json_snippet.properties(self.properties_schema, self.context))

    def handle_check(self) -> None:
        """Raise an error if the proxy does not run."""
        if not lifecycle.serving(self._endpoint()):
            raise exception.Error("the endpoint's proxy does not run: `trovectl up` starts it")

    def handle_delete(self) -> None:
        """Destroy the endpoint if it belongs to this resource."""
        endpoint = self._endpoint()
        if self.resource_id is not None and endpoint.belongs_to(self.resource_id):
            lifecycle.destroy(state_dir(), endpoint)

    def _resolve_attribute(self, name: str) -> object:
        facts = self._endpoint().facts()
        if self.resource_id is None or facts is None:
            return None
        values: dict[str, object] = {
            "addresses": [{"address": facts.address, "type": "private"}],
            "source_cidrs": [f"{facts.address}/32"],
            "held_by_host": False,
        }
        return values[name]

    def _endpoint(self) -> EndpointDirectory:
        return EndpointDirectory.of(state_dir(), self.properties["endpoint_id"])

    def _ensure(self, values: Any) -> None:  # noqa: ANN401 - Heat's Properties
        lifecycle.ensure(
            state_dir(),
            lifecycle.EndpointSpec(
                endpoint_id=values["endpoint_id"],
                owner=self.resource_id,
                kind=values["kind"],
                ports=tuple(values["ports"]),
                allowed_cidrs=tuple(values["allowed_cidrs"]),
                targets=tuple(values["targets"]),
            ),
        )


def resource_mapping() -> dict[str, type[TroveLocalEndpoint]]:
    """Return the resource types of this plugin; Heat calls it."""
    return {"Trove::Local::Endpoint": TroveLocalEndpoint}

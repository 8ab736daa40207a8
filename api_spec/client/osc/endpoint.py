"""openstack database instance endpoint list, openstack database instance connection list"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api_spec.client.instances import CONNECTIONS_SINCE
from api_spec.client.osc.base import Lister, add_instance, columns

if TYPE_CHECKING:
    import argparse


class _OfInstance(Lister):
    """A list that an instance of the API has."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        return parser

    def items(self, name: str, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 - of JSON
        """Return the list of that name. Raises ServerTooOld, Refused."""
        return self.client.instances.find(parsed_args.instance, CONNECTIONS_SINCE)[name]


class ListEndpoints(_OfInstance):
    """List the addresses that lead to the primary and to the replicas of an instance's group"""

    def take_action(self, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 - cliff's pair
        found = self.items("endpoints", parsed_args)
        rows = [
            {"kind": endpoint["kind"], "port": endpoint["port"], **address}
            for endpoint in found
            for address in endpoint["addresses"]
        ]
        return columns(rows, ("kind", "address", "type", "port"))


class ListConnections(_OfInstance):
    """List the connection strings with which the drivers of clients reach an instance and its group"""

    def take_action(self, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 - cliff's pair
        return columns(self.items("connection_strings", parsed_args), ("to", "form", "text"))

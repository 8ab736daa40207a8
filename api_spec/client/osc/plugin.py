"""The names that python-openstackclient reads from a plugin."""

import argparse
from typing import Any

API_NAME = "database_functions"
API_VERSION_OPTION = "os_database_functions_api_version"
DEFAULT_API_VERSION = "1"
API_VERSIONS = ("1",)


def make_client(instance: Any) -> Any:  # noqa: ANN401 - the ClientManager and our Client, imported at first use
    """Return the client of the shell's cloud, which becomes `client_manager.database_functions`."""
    from api_spec.client.client import Client

    return Client(instance.session, instance.region_name, instance.interface or "public")


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser unchanged: the microversion is negotiated, so the plugin needs no option."""
    return parser

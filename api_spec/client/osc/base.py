"""Base classes of the commands, shared arguments, and waiting for an operation with its progress shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from osc_lib.command import command

from api_spec.client.errors import ClientError
from api_spec.client.osc.plugin import API_NAME
from api_spec.client.rest import Item

if TYPE_CHECKING:
    import argparse

    from api_spec.client.client import Client
    from api_spec.client.operations import Operation


class Base(command.Command):
    """A command of this plugin. A ClientError is shown as its message, with exit status 1."""

    @property
    def client(self) -> Client:
        """The client of the cloud that the shell uses."""
        return cast("Client", getattr(self.app.client_manager, API_NAME))

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command; return its exit status. Raises CommandError with the message of a ClientError."""
        from osc_lib.exceptions import CommandError

        try:
            return super().run(parsed_args)
        except ClientError as error:
            raise CommandError(str(error)) from error

    def report(self, operation: Operation | None, parsed_args: argparse.Namespace) -> None:
        """Print the accepted operation or, with --wait, wait for it with its progress shown."""
        if operation is None:
            return
        if parsed_args.wait:
            wait(self.client, operation.id)
            return
        self.app.stdout.write(
            f"{operation.type} accepted; follow it: openstack database operation wait {operation.id}\n"
        )


class Lister(Base, command.Lister):
    """A command that prints a list."""


class ShowOne(Base, command.ShowOne):
    """A command that shows one resource."""


def add_instance(parser: argparse.ArgumentParser) -> None:
    """Add the argument <instance>."""
    parser.add_argument("instance", metavar="<instance>", help="Instance (name or ID)")


def add_wait(parser: argparse.ArgumentParser) -> None:
    """Add the option --wait."""
    parser.add_argument("--wait", action="store_true", help="Wait until the operation has ended, showing its progress")


def add_page(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add the options of lists, --limit and --marker."""
    parser.add_argument("--limit", type=int, metavar="<n>", help=f"Show at most n {kind}s (default: all)")
    parser.add_argument("--marker", metavar=f"<{kind}-id>", help=f"Show the {kind}s that follow this one")


def wait(client: Client, operation_id: str, seconds: float | None = None) -> Operation:
    """Wait for an operation with its progress shown; return its last state. Raises OperationFailed, WaitedTooLong."""
    from api_spec.client.operations import WAIT_SECONDS
    from api_spec.client.osc.progress import drawing

    with drawing() as report:
        return client.operations.wait(operation_id, WAIT_SECONDS if seconds is None else seconds, report)


def columns(items: list[Item], names: tuple[str, ...]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the headings and rows of a list, from the API's items."""
    headings = tuple(name.replace("_", " ").capitalize() for name in names)
    return headings, [tuple(item[name] for name in names) for item in items]

"""openstack database instance stop, start, protect, unprotect, tag, events"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api_spec.client.osc.base import Base, Lister, add_instance, add_wait

if TYPE_CHECKING:
    import argparse

EVENT_COLUMNS = ("At", "Operation", "Type", "Event", "State", "User", "Detail")


class _OnInstance(Base):
    """A command with the argument <instance>."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        return parser


class StopInstance(_OnInstance):
    """Stop the database of an instance; keep its data and its host"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_wait(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        self.report(self.client.instances.stop(parsed_args.instance), parsed_args)


class StartInstance(_OnInstance):
    """Start the database of a stopped instance"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_wait(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        self.report(self.client.instances.start(parsed_args.instance), parsed_args)


class ProtectInstance(_OnInstance):
    """Protect an instance against deletion until it is unprotected"""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        self.client.instances.protect(parsed_args.instance, protected=True)


class UnprotectInstance(_OnInstance):
    """Remove an instance's protection against deletion"""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        self.client.instances.protect(parsed_args.instance, protected=False)


class TagInstance(_OnInstance):
    """Replace the tags of an instance; remove them all if none are given"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("tags", metavar="<tag>", nargs="*", help="Tag, such as env=prod")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        self.client.instances.tag(parsed_args.instance, parsed_args.tags)


class ListInstanceEvents(Lister):
    """List the audit events of an instance, with user and outcome, newest first"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        parser.add_argument(
            "--limit", type=int, metavar="<n>", default=20, help="Show events of the newest n operations (default: 20)"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        operations = self.client.instances.events(parsed_args.instance, parsed_args.limit)
        oldest_first = [(event, operation) for operation in reversed(operations) for event in operation.events]
        rows = [
            (
                event.at.strftime("%Y-%m-%dT%H:%M:%S"),
                operation.id,
                operation.type,
                event.event,
                event.state,
                event.user_id,
                event.detail,
            )
            for event, operation in sorted(oldest_first, key=lambda pair: pair[0].at)
        ]
        return EVENT_COLUMNS, rows[::-1]

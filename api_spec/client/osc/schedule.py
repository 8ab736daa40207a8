"""openstack database schedule create, list, show, set, run, delete"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api_spec.client.osc.base import Base, Lister, ShowOne, add_page, add_wait, columns
from api_spec.client.rest import Item

if TYPE_CHECKING:
    import argparse

COLUMNS = ("id", "name", "instance_id", "pattern", "next_run", "last_run", "missed_runs", "last_error")
ATTRIBUTES = ("name", "pattern", "description", "full_every", "keep_count", "keep_days")


class CreateSchedule(ShowOne):
    """Create a schedule of backups of an instance"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("name", metavar="<name>", help="Name of the schedule and of its backups")
        parser.add_argument("--instance", metavar="<instance>", required=True, help="Instance (name or ID)")
        parser.add_argument("--pattern", metavar="<cron>", required=True, help='Times in UTC, such as "0 3 * * *"')
        _add_rules(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 - cliff's pair
        values = {name: value for name, value in _given(parsed_args).items() if name not in ("name", "pattern")}
        made = self.client.schedules.create(parsed_args.instance, parsed_args.name, parsed_args.pattern, **values)
        return tuple(made), tuple(made.values())


class ListSchedules(Lister):
    """List schedules"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("--instance", metavar="<instance>", help="Only those of this instance (name or ID)")
        add_page(parser, "schedule")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 - cliff's pair
        found = self.client.schedules.list(parsed_args.instance, parsed_args.limit, parsed_args.marker)
        return columns(found, COLUMNS)


class ShowSchedule(ShowOne):
    """Show a schedule"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_schedule(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 - cliff's pair
        found = self.client.schedules.find(parsed_args.schedule)
        return tuple(found), tuple(found.values())


class SetSchedule(ShowOne):
    """Change a schedule"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_schedule(parser)
        parser.add_argument("--name", metavar="<name>", help="New name")
        parser.add_argument("--pattern", metavar="<cron>", help="Times in UTC")
        _add_rules(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:  # noqa: ANN401 - cliff's pair
        changed = self.client.schedules.set(parsed_args.schedule, **_given(parsed_args))
        return tuple(changed), tuple(changed.values())


class RunSchedule(Base):
    """Create a backup by the rules of a schedule now; keep its times"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_schedule(parser)
        add_wait(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        self.report(self.client.schedules.run(parsed_args.schedule), parsed_args)


class DeleteSchedule(Base):
    """Delete schedules; keep their backups"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("schedules", metavar="<schedule>", nargs="+", help="Schedule (name or ID)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        for name in parsed_args.schedules:
            self.client.schedules.delete(name)


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("schedule", metavar="<schedule>", help="Schedule (name or ID)")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--description", metavar="<text>", help="Description")
    parser.add_argument(
        "--full-every", type=int, metavar="<n>", help="Every n-th backup is full, the others are incremental"
    )
    parser.add_argument("--keep-count", type=_rule, metavar="<n>", help="Keep the newest n backups; 0: no such rule")
    parser.add_argument("--keep-days", type=_rule, metavar="<n>", help="Keep backups for n days; 0: no such rule")


def _rule(text: str) -> int | str:
    return int(text) or "none"


def _given(parsed_args: argparse.Namespace) -> Item:
    """Return the given options by the API's names; a retention rule to remove is None."""
    given = {name: getattr(parsed_args, name) for name in ATTRIBUTES if getattr(parsed_args, name) is not None}
    return {name: None if value == "none" else value for name, value in given.items()}

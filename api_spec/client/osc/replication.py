"""openstack database replication show, set, rebuild, restart, resize, upgrade"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api_spec.client.errors import ClientError
from api_spec.client.osc.base import Base, Lister, add_instance, add_wait

if TYPE_CHECKING:
    import argparse

FIELDS = ("role", "state", "lag_seconds", "lag_bytes", "sync_state", "last_contact", "observed", "problem")
POLICY = ("automatic", "mode", "quorum", "max_lag_bytes", "below_quorum")


class ShowReplication(Lister):
    """Show how an instance does in its replication group and, of a source, how its replicas do"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        members = self.client.instances.replication(parsed_args.instance)
        headings = ("ID", *(name.replace("_", " ").capitalize() for name in FIELDS))
        return headings, [(member["id"], *(member[name] for name in FIELDS)) for member in members]


class SetReplication(Base):
    """Change how the group of an instance replaces a primary that is lost"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        who = parser.add_mutually_exclusive_group()
        who.add_argument(
            "--automatic-failover",
            dest="automatic",
            action="store_true",
            default=None,
            help="A replica takes the place of a primary that is lost by itself",
        )
        who.add_argument(
            "--no-automatic-failover",
            dest="automatic",
            action="store_false",
            default=None,
            help="Somebody must ask for it (openstack database instance eject)",
        )
        parser.add_argument(
            "--mode",
            choices=("asynchronous", "synchronous"),
            help="Whether a commit is acknowledged once it is on the primary's disk, or on replicas' disks, too",
        )
        parser.add_argument(
            "--quorum", type=int, metavar="<number>", help="Replicas that have a commit before it is acknowledged"
        )
        parser.add_argument(
            "--max-lag-bytes",
            dest="max_lag_bytes",
            type=int,
            metavar="<bytes>",
            help="Log that the new primary may lack for an automatic failover in asynchronous mode",
        )
        parser.add_argument(
            "--below-quorum",
            dest="below_quorum",
            choices=("wait", "continue"),
            help="What writes do in synchronous mode while too few replicas follow: wait for them, or for none",
        )
        add_wait(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        asked = {name: getattr(parsed_args, name) for name in POLICY}
        values = {name: value for name, value in asked.items() if value is not None}
        if not values:
            raise ClientError(
                "Say what to change: --automatic-failover, --mode, --quorum, --max-lag-bytes or --below-quorum."
            )
        self.report(self.client.instances.set_failover(parsed_args.instance, values), parsed_args)


class RebuildReplica(Base):
    """Replace the data of a replica by a copy of its source's"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        add_wait(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        self.report(self.client.instances.rebuild(parsed_args.instance), parsed_args)


class _Roll(Base):
    """Change a source and all its replicas, one after another"""

    change = ""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        add_wait(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        flavor = getattr(parsed_args, "flavor", None)
        self.report(self.client.instances.roll(parsed_args.instance, self.change, flavor), parsed_args)


class RestartReplication(_Roll):
    """Restart a source's replicas, have one take its place, then restart the former source"""

    change = "restart"


class UpgradeReplication(_Roll):
    """Install the members' software again, the replicas' first; one takes the source's place"""

    change = "upgrade"


class ResizeReplication(_Roll):
    """Give all members another flavor, the replicas first; one takes the source's place"""

    change = "resize"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("flavor", metavar="<flavor-id>", help="Id of the new flavor")
        return parser

"""openstack database operation list, show, wait"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api_spec.client.errors import ClientError
from api_spec.client.osc.base import Lister, ShowOne, add_page, wait

if TYPE_CHECKING:
    import argparse

    from api_spec.client.operations import Operation

BAR_WIDTH = 40
"""Width of a timeline in characters."""
COLUMNS = ("ID", "Type", "State", "Instance", "Backup", "Created", "Seconds", "Error")


class ListOperations(Lister):
    """List operations, newest first"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("--instance", metavar="<instance>", help="Only those of this instance (name or ID)")
        parser.add_argument("--backup", metavar="<backup-id>", help="Only those of this backup")
        parser.add_argument("--type", metavar="<type>", help="Only those of this type, such as backup_create")
        parser.add_argument("--state", metavar="<state>", help="Only those in this state, such as RUNNING")
        add_page(parser, "operation")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        found = self.client.operations.list(
            parsed_args.limit,
            parsed_args.marker,
            instance_id=self.client.instances.id_of(parsed_args.instance) if parsed_args.instance else None,
            backup_id=parsed_args.backup,
            type=parsed_args.type,
            state=parsed_args.state,
        )
        return COLUMNS, [_row(operation) for operation in found]


class ShowOperation(ShowOne):
    """Show an operation, or with --timeline its tasks as bars"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("operation", metavar="<operation-id>", help="Operation (ID)")
        parser.add_argument("--timeline", action="store_true", help="Draw the tasks as bars over the operation's time")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        operation = self.client.operations.show(parsed_args.operation)
        if parsed_args.timeline:
            return tuple(task.name for task in operation.tasks), timeline(operation)
        return _shown(operation)


class WaitForOperation(ShowOne):
    """Wait until an operation has ended, showing its progress; exit status 1 if it did not succeed"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("operation", metavar="<operation-id>", nargs="?", help="Operation (ID)")
        which.add_argument(
            "--instance", metavar="<instance>", help="What is under way on this instance (name or ID), or went on last"
        )
        parser.add_argument("--timeout", type=float, metavar="<seconds>", help="Seconds after which to stop waiting")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        operation_id = parsed_args.operation or self._current(parsed_args.instance)
        return _shown(wait(self.client, operation_id, parsed_args.timeout))

    def _current(self, instance: str) -> str:
        operation = self.client.operations.current(self.client.instances.id_of(instance))
        if operation is None:
            raise ClientError(f"The instance {instance} has had no operation yet.")
        return operation.id


def timeline(operation: Operation) -> tuple[str, ...]:
    """Return a bar for each task, whose position and length are the task's share of the operation's time."""
    whole = max(operation.seconds, 0.001)

    def bar(offset: float, seconds: float) -> str:
        first = min(BAR_WIDTH - 1, round(offset / whole * BAR_WIDTH))
        length = max(1, min(BAR_WIDTH - first, round(seconds / whole * BAR_WIDTH)))
        return f"{' ' * first}{'█' * length}{' ' * (BAR_WIDTH - first - length)}"

    return tuple(
        f"|{bar((task.started - operation.created).total_seconds(), task.seconds)}| {task.seconds:8.2f} s"
        f"  {task.state}{'' if task.attempts == 1 else f', {task.attempts} calls'}"
        for task in operation.tasks
    )


def _row(operation: Operation) -> tuple[Any, ...]:
    return (
        operation.id,
        operation.type,
        operation.state,
        operation.instance_id,
        operation.backup_id,
        operation.created.strftime("%Y-%m-%dT%H:%M:%S"),
        round(operation.seconds, 1),
        operation.error,
    )


def _shown(operation: Operation) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    progress = operation.progress
    shown = {
        "id": operation.id,
        "type": operation.type,
        "state": operation.state,
        "instance_id": operation.instance_id,
        "backup_id": operation.backup_id,
        "created": operation.created.isoformat(),
        "ended": operation.ended and operation.ended.isoformat(),
        "deadline": operation.deadline.isoformat(),
        "seconds": round(operation.seconds, 2),
        "error": operation.error,
        "failed_step": operation.failed_step,
        "phase": progress and progress.phase,
        "bytes": progress and progress.bytes,
        "percent": progress and progress.percent,
        "tasks": "\n".join(f"{task.name} {task.state} {task.seconds:.2f} s" for task in operation.tasks),
    }
    return tuple(shown), tuple(shown.values())

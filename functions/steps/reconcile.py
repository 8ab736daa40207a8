"""Reconciling: Heat and Swift are held against the state; what an ended resource left is removed, the rest reported."""

from functions.cloud import heat, swift
from functions.runtime.logs import get_logger
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import idempotency, leftovers
from functions.steps.backup import CONTAINER
from functions.steps.stack import STACK


class Reconciled(StepResult):
    """How many leftovers were removed, and how many ACTIVE instances have no stack (reported, not touched)."""

    stacks_removed: int
    backups_removed: int
    stacks_missing: int


@step("reconcile.run", audience="sweep")
def run(_request: Nothing, _context: StepContext) -> Reconciled:
    """Remove what deleted or failed instances and backups left behind; what no row knows is never touched.

    Idempotency keys that have had their day go, too.
    """
    idempotency.forget_expired()
    active = leftovers.active_instances()
    stacks = {name.removeprefix(STACK) for name in heat.names() if name.startswith(STACK)}
    missing = [instance_id for instance_id in active if instance_id not in stacks]
    for instance_id in missing:
        get_logger().error("an ACTIVE instance has no stack", instance_id=instance_id)
    orphans = leftovers.ended_instances(stacks)
    for instance_id in orphans:
        get_logger().warning("removing the stack of an ended instance", instance_id=instance_id)
        heat.delete(STACK + instance_id)
    return Reconciled(stacks_removed=len(orphans), backups_removed=_remove_backups(), stacks_missing=len(missing))


def _remove_backups() -> int:
    removed = 0
    for container in swift.containers(CONTAINER):
        ended = leftovers.ended_backups(swift.folders(container))
        for backup_id in ended:
            get_logger().warning("removing the objects of an ended backup", backup_id=backup_id)
            swift.delete_prefix(container, f"{backup_id}/")
        removed += len(ended)
    return removed

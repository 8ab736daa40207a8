"""Reconciling: compare Heat and Swift with the state, remove what ended resources left, report missing stacks."""

from functions.base.logs import get_logger
from functions.cloud import heat, swift
from functions.framework.step import Nothing, StepContext, StepResult, step
from functions.state.endpoints import endpoints
from functions.state.idempotency import idempotency
from functions.state.instances import leftovers
from functions.storage.backup_objects import CONTAINER
from functions.topology.endpoints import ENDPOINT_STACK
from functions.topology.stacks import STACK


class Reconciled(StepResult):
    """How many leftovers were removed, and how many ACTIVE instances have no stack (reported, not touched)."""

    stacks_removed: int
    backups_removed: int
    stacks_missing: int


@step("reconcile.run", audience="sweep")
def run(_request: Nothing, _context: StepContext) -> Reconciled:
    """Remove stacks and objects of deleted or failed instances and backups, and expired Idempotency-Keys.

    Stacks and objects without a row are not touched.
    """
    idempotency.forget_expired()
    active = leftovers.active_instances()
    names = heat.names()
    stacks = {name.removeprefix(STACK) for name in names if name.startswith(STACK)}
    missing = [instance_id for instance_id in active if instance_id not in stacks]
    for instance_id in missing:
        get_logger().error("an ACTIVE instance has no stack", instance_id=instance_id)
    orphans = leftovers.ended_instances(stacks)
    for instance_id in orphans:
        get_logger().warning("removing the stack of an ended instance", instance_id=instance_id)
        heat.delete(STACK + instance_id)
    removed = len(orphans) + _remove_endpoints(names)
    return Reconciled(stacks_removed=removed, backups_removed=_remove_backups(), stacks_missing=len(missing))


def _remove_endpoints(names: list[str]) -> int:
    """Remove the stacks of deleted endpoints; return their number."""
    prefix = ENDPOINT_STACK
    orphans = endpoints.ended(name.removeprefix(prefix) for name in names if name.startswith(prefix))
    for endpoint_id in orphans:
        get_logger().warning("removing the stack of a deleted endpoint", endpoint_id=endpoint_id)
        heat.delete(prefix + endpoint_id)
    return len(orphans)


def _remove_backups() -> int:
    removed = 0
    for container in swift.containers(CONTAINER):
        folders = swift.folders(container)
        ended = leftovers.ended_backups(folders) + leftovers.ended_operations(folders)
        for owner_id in ended:
            get_logger().warning("removing the objects of an ended backup", backup_id=owner_id)
            swift.delete_prefix(container, f"{owner_id}/")
        removed += len(ended)
    return removed

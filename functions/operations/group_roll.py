"""All members of a group are restarted, resized, or get their software again, one after another: the replicas first;
then one of them takes the primary's place; then the former primary.

Each is an operation of its own, with the request id of this one. Nothing is undone: what is done stays, and asking
again does it to all.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.framework.operation import OperationKind, Task
from functions.operations.parts.settings import too_low
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Role
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, require
from functions.state.operations.models import Operation
from functions.topology.flavors import Flavor


class Change(StrEnum):
    """What is done to each member; the value is the name of the operation that does it."""

    RESTART = "instance_restart"
    RESIZE = "instance_resize"
    UPGRADE = "instance_upgrade"


@dataclass(frozen=True)
class Request:
    """The change, and the replicas in the order in which they get it; `flavor_id` is that of a RESIZE."""

    change: Change
    replicas: tuple[str, ...]
    flavor_id: str | None = None


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    lock=Lock.ROLLING,
    plan=(
        Task("change_replicas", "roll.change_replicas", seconds=72000),
        Task("hand_over", "roll.hand_over", seconds=3600),
        Task("change_former_primary", "roll.change_former_primary", seconds=72000),
    ),
    limit=timedelta(hours=48),
    tells_failure=True,
)


def accept_roll(instance_id: str, change: Change, caller: Caller, flavor: Flavor | None = None) -> Operation:
    """Accept a change of all members of the group whose primary an instance is.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is no source, or replicas of the flavor could not follow it as it is now.
    """
    with transaction() as session:
        group = groups.lock_of(session, instance_id)
        primary = lock_instance(session, caller.project_id, instance_id, OPERATION.lock)
        groups.require_unchanged(primary, group)
        require(primary, InstanceStatus.ACTIVE)
        members = groups.members(session, [group.id]) if group and primary.role == Role.PRIMARY else []
        replicas = tuple(each.id for each in members if each.role == Role.REPLICA)
        if not replicas:
            raise BadRequest(f"Instance {instance_id} is not a replica source.")
        if flavor is not None:
            wanted = primary.spec.but(memory_mb=flavor.ram, cpus=flavor.vcpus)
            if names := too_low(wanted, primary.spec):
                raise BadRequest(
                    f"Replicas of flavor {flavor.id} could not follow the source as it is: their {' and '.join(names)}"
                    " would be lower. Resize the source alone first."
                )
        request = Request(change, replicas, flavor.id if flavor else None)
        return accept(session, caller, Order(OPERATION, request), primary)

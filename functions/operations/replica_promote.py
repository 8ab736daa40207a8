"""A replica becomes its group's primary, with a clean stop first: nothing is lost.

The replica catches up, the primary stops to take writes, the replica replays the last of them and takes writes under
the next epoch; writers are led to it, readers to the others, which follow it. Undone, before they do: the replica is
fenced under one more epoch, the old primary takes writes again, and the endpoints lead where they led.
"""

from dataclasses import dataclass
from datetime import timedelta

from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, OperationKind, Part, Task
from functions.operations.parts import plans
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.operations.acceptance import Caller, Held, Order, accept, lock_instance, require
from functions.state.operations.models import Operation


@dataclass(frozen=True)
class Request:
    """The epoch that the promotion begins."""

    epoch: int


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=(
        Task("catch_up", "member.catch_up", seconds=600),
        Task(
            "stop_writes",
            "member.stop_writes",
            on=On.PRIMARY,
            seconds=60,
            undo=(
                Task("accept_writes", "member.accept_writes", on=On.PRIMARY),
                *plans.pointed_back("primary"),
                Task("follow_again", "member.follow_again", on=On.EACH_OTHER),
                *plans.pointed_back("readers"),
            ),
        ),
        Task("await_last_write", "member.await_last_write", seconds=120),
        Task("promote", "member.promote", undo=(Task("fence", "member.fence"),)),
        *plans.pointed("primary"),
        Task("admit_members", "member.admit"),
        *plans.pointed("readers"),
        Task("follow", "member.follow", on=On.EACH_OTHER),
    ),
    limit=timedelta(minutes=30),
    instance_during=InstanceStatus.PROMOTE,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ACTIVE,
    instance_stuck=InstanceStatus.ERROR,
)


def accept_promote(instance_id: str, caller: Caller) -> Operation:
    """Accept the promotion of a replica; all members of its group are in status PROMOTE meanwhile.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is not a replica.
    """
    with transaction() as session:
        group = groups.lock_of_replica(session, instance_id)
        ids = groups.member_ids(session, group)
        held = [lock_instance(session, caller.project_id, member_id, OPERATION.lock) for member_id in ids]
        named = next(member for member in held if member.id == instance_id)
        for member in held:
            groups.require_unchanged(member, group)
            if member.status != InstanceStatus.ERROR or member.id in {instance_id, group.primary_id}:
                require(member, InstanceStatus.ACTIVE)
        serving = [member for member in held if member.status == InstanceStatus.ACTIVE and member.id != instance_id]
        also = [Held(member, Part.PRIMARY if member.id == group.primary_id else Part.MEMBER) for member in serving]
        request = Request(groups.claim_epoch(group))
        return accept(session, caller, Order(OPERATION, request), named, also=also)

"""The primary of a group is lost, and a replica takes its place under the next epoch, and that of the endpoint.

Every replica that answers stops to follow the old primary, which is stopped, or else its host is isolated: from then
on it acknowledges nothing. The replica that has most of the log takes writes, and the others follow it. The old primary
stays in the group, as a replica that does not follow. Undone, unless a replica has taken writes: the old primary takes
them again under one more epoch.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest, Busy
from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, OperationKind, Part, Task
from functions.operations.parts import plans
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Group
from functions.state.instances.health import HEALTHY
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, Held, Order, accept, lock_instance
from functions.state.operations.models import Operation


@dataclass(frozen=True)
class Request:
    """The epoch that the failover begins, and whether nobody asked for it."""

    epoch: int
    automatic: bool


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    lock=Lock.FAILOVER,
    plan=(
        Task(
            "fence",
            "failover.fence",
            on=On.EACH_MEMBER,
            seconds=60,
            undo=(
                Task("accept_writes", "failover.accept_writes", on=On.PRIMARY, seconds=60, optional=True),
                *plans.pointed_back("primary"),
                Task("follow_again", "member.follow_again", on=On.EACH_OTHER),
                *plans.pointed_back("readers"),
            ),
        ),
        Task(
            "isolate",
            "stack.isolate",
            on=On.PRIMARY,
            undo=(Task("release", "stack.release", on=On.PRIMARY),),
        ),
        Task("promote", "failover.promote", on=On.EACH_OTHER, seconds=120),
        Task("point_primary", "endpoint.point", {"kind": "primary"}, seconds=1200),
        Task("admit_members", "member.admit", on=On.NEW_PRIMARY, seconds=1200),
        Task("follow", "member.follow", on=On.EACH_OTHER, seconds=1200),
        Task("point_readers", "endpoint.point", {"kind": "readers"}, seconds=1200),
    ),
    limit=timedelta(hours=2),
    instance_during=InstanceStatus.EJECT,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ACTIVE,
    instance_stuck=InstanceStatus.ERROR,
)
_NOT_YET = (InstanceStatus.BUILD,)
"""The statuses of members that have no data to serve."""


def accept_eject(instance_id: str, caller: Caller) -> Operation:
    """Accept that a replica takes the place of a source that does not serve.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is no source, or serves.
    """
    with transaction() as session:
        group = groups.lock_of(session, instance_id)
        held = _lock_members(session, group, instance_id, caller)
        if group is None or group.primary_id != instance_id:
            raise BadRequest(f"Instance {instance_id} is not a replica source.")
        source = next(member for member in held if member.id == instance_id)
        if source.operating_status == HEALTHY:
            raise BadRequest(
                f"Instance {instance_id} is healthy: promote one of its replicas, which loses nothing, or wait until"
                " it is found that it does not serve."
            )
        return _accept(session, group, held, caller, automatic=False)


def accept_automatic(group_id: str) -> Operation:
    """Accept that a replica takes the place of a primary that the watch has found lost. Raises NotFound, Busy."""
    with transaction() as session:
        group = session.get_one(Group, group_id, with_for_update=True)
        caller = Caller(group.project_id, "watch", "watch")
        if group.lost is None:
            raise Busy(f"The primary of group {group_id} is not lost.")
        held = _lock_members(session, group, str(group.primary_id), caller)
        return _accept(session, group, held, caller, automatic=True)


def _lock_members(session: Session, group: Group | None, instance_id: str, caller: Caller) -> list[Instance]:
    ids = [instance_id] if group is None else groups.member_ids(session, group)
    held = [lock_instance(session, caller.project_id, each, OPERATION.lock) for each in ids]
    for member in held:
        groups.require_unchanged(member, group)
    return held


def _accept(session: Session, group: Group, held: list[Instance], caller: Caller, *, automatic: bool) -> Operation:
    primary = next(member for member in held if member.id == group.primary_id)
    also = [Held(each) for each in held if each is not primary and each.status not in _NOT_YET]
    if not also:
        raise Busy(f"Instance {primary.id} has no replica that could take its place.")
    request = Request(groups.claim_epoch(group), automatic)
    return accept(session, caller, Order(OPERATION, request), primary, part=Part.PRIMARY, also=also)

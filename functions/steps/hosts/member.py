"""The members of a replication group, on their hosts: admitted, following, promoted, fenced."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.orm import Session

from datastores.catalog import catalog
from datastores.protocol import replication
from datastores.protocol.replication import (
    AcceptWrites,
    Admit,
    AwaitPosition,
    Detach,
    Fence,
    Follow,
    Member,
    Promote,
    ReplicationState,
    StopWrites,
    Synchronous,
)
from functions.base.clock import now
from functions.base.errors import NotRunning, StepFailed
from functions.base.settings import get_settings
from functions.framework.operation import Part
from functions.framework.step import Nothing, StepResult, step
from functions.hostlink import host
from functions.hostlink.ssh import HostUnreachable
from functions.operations import group_policy, replica_promote
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Group
from functions.state.hosts import hosts
from functions.state.instances.models import Instance
from functions.state.operations import sealed, timeline
from functions.state.operations.acceptance import request_of
from functions.state.operations.context import TaskContext
from functions.state.operations.secrets import Fenced, LastWrite

NEARLY_THERE = 1 << 20
"""Bytes of log that a replica may still have to replay when the primary stops to take writes."""
DISMISSAL_SECONDS = 20
"""Seconds after which a replica leaves although the primary does not answer, which keeps its log until it is told."""


@step("member.admit")
def admit(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the primary admit every member of its group, and nobody else; its writes wait as the group's policy says.

    They do not wait for members that the operation makes, which have no data yet.
    """
    synchronise(context, {target.resource_id for target in context.operation.targets if target.part == Part.NEW})
    return host.change(context, _admit(context))


@step("member.synchronise")
def wait_for_replicas(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the primary's writes wait for its replicas as the group's policy says."""
    synchronise(context)
    return StepResult()


@step("member.restore_policy", compensation=True)
def restore_policy(_request: Nothing, context: TaskContext) -> StepResult:
    """Give the group the policy that it had before the operation, and its primary what follows from that."""
    groups.restore_policy(context.instance, request_of(context.operation, group_policy.Request).before)
    synchronise(context)
    return host.change(context, _admit(context))


@step("member.dismiss", compensation=True)
def dismiss(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the primary admit all members but those that the operation made, or that leave by it.

    Done, too, if it does not answer, or does not run.
    """
    try:
        synchronise(context, context.leaving)
        return host.change(context, _admit(context, context.leaving))
    except (HostUnreachable, NotRunning):
        return StepResult(done=silent_for(context, DISMISSAL_SECONDS))


@step("member.catch_up")
def catch_up(_request: Nothing, context: TaskContext) -> StepResult:
    """Wait until the replica has nearly all. Raises StepFailed if it does not follow."""
    state = host.call(context.host, context.spec.datastore_version_id, context, ReplicationState())
    if not state.connected:
        raise StepFailed(f"the replica does not follow its source: {state.problem or 'it is not connected'}")
    return StepResult(done=(state.lag_bytes or 0) < NEARLY_THERE)


@step("member.stop_writes")
def stop_writes(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the primary take no more writes; keep the position of the last one."""
    position = host.changed(context, StopWrites(_epoch(context)))
    if position is None:
        return StepResult(done=False)
    sealed.keep(context.operation, LastWrite(position.history, position.replayed))
    return StepResult()


@step("member.accept_writes", compensation=True)
def accept_writes(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the old primary take writes again, under one more epoch. Do nothing if it was never asked to stop."""
    if not timeline.was_called(context.operation.id, "member.stop_writes"):
        return StepResult()
    epoch = _epoch(context) + 1
    done = host.change(context, AcceptWrites(epoch))
    if done.done:
        groups.record_primary(groups.of(context.instance).id, context.instance.id, epoch)
    return done


@step("member.await_last_write")
def await_last_write(_request: Nothing, context: TaskContext) -> StepResult:
    """Wait until the replica has replayed the old primary's last write."""
    last = sealed.get(context.operation, LastWrite)
    seconds = min(replication.LONGEST_AWAITED, context.seconds_left / 2)
    asked = AwaitPosition(last.history, last.replayed, seconds)
    return StepResult(done=host.call(context.host, context.spec.datastore_version_id, context, asked).reached)


@step("member.promote")
def promote(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the replica take writes, as the primary of the operation's epoch."""
    return take_writes(context, _epoch(context))


@step("member.fence", compensation=True)
def fence(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the replica take no writes, under one more epoch. Do nothing if it was never asked to take any."""
    if not timeline.was_called(context.operation.id, "member.promote"):
        return StepResult()
    return StepResult(done=host.changed(context, Fence(_epoch(context) + 1)) is not None)


@step("member.follow")
def follow(_request: Nothing, context: TaskContext) -> StepResult:
    """Have a member follow the group's primary. One that does not answer, now or when it was fenced, is left behind."""
    group = groups.of(context.instance)
    fenced = sealed.find(context.operation, Fenced, context.instance.id)
    if context.instance.id == group.primary_id or (fenced and fenced.position is None):
        return StepResult()
    return _follow(context, group.primary_id, group.epoch)


@step("member.follow_again", compensation=True)
def follow_again(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the members follow the group's primary again. Do nothing if they were never asked to stop."""
    group = groups.of(context.instance)
    stopped = any(timeline.was_called(context.operation.id, step) for step in ("member.stop_writes", "failover.fence"))
    if context.instance.id == group.primary_id or not stopped:
        return StepResult()
    return _follow(context, group.primary_id, group.epoch)


@step("member.detach")
def detach(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the replica leave its group and take writes."""
    if context.instance.group_id is None:
        return StepResult()
    done = host.change(context, Detach(groups.of(context.instance).epoch))
    if done.done:
        groups.leave(context.instance.id)
    return done


def take_writes(context: TaskContext, epoch: int) -> StepResult:
    """Have a replica take writes as the primary of an epoch; they wait as the group's policy says from the first on."""
    group = groups.of(context.instance)
    synchronise(context, epoch=epoch)
    if host.changed(context, Promote(epoch, guarded=group.policy.automatic)) is None:
        return StepResult(done=False)
    groups.record_primary(group.id, context.instance.id, epoch)
    return StepResult()


def synchronise(context: TaskContext, leaving: Collection[str] = (), epoch: int | None = None) -> None:
    """Tell a member for how many of the others, but those that leave, its writes are to wait.

    On a replica it is in force once that is promoted. `epoch` None: the group's present one.
    """
    group = groups.of(context.instance)
    members = others(group, context.instance.id, leaving)
    host.call_for(context, Synchronous(epoch or group.epoch, group.policy.copies(len(members)), members))


def silent_for(context: TaskContext, seconds: float) -> bool:
    """Return whether the task was called first so many seconds ago."""
    return now() - timeline.begun(context) > timedelta(seconds=seconds)


def _member_of(session: Session, instance: Instance) -> Member | None:
    """Return where the other members reach an instance; None if it has no host with an address."""
    found = hosts.current(session, instance)
    if found is None or not found.addresses:
        return None
    version = catalog().version_by_id(instance.datastore_version_id)
    return Member(instance.id, found.addresses[0].address, version.ports[0])


def require_member(instance_id: str | None) -> Member:
    """Return where the other members reach an instance. Raises StepFailed if it has no host with an address."""
    with transaction() as session:
        member = _member_of(session, session.get_one(Instance, instance_id))
    if member is None:
        raise StepFailed(f"instance {instance_id} has no host that the others could follow")
    return member


def _admit(context: TaskContext, leaving: Collection[str] = ()) -> Admit:
    group = groups.of(context.instance)
    return Admit(
        group.epoch,
        require_member(context.instance.id),
        groups.credential(group),
        others(group, context.instance.id, leaving),
        guarded=group.policy.automatic,
    )


def others(group: Group, member_id: str, leaving: Collection[str] = ()) -> tuple[Member, ...]:
    """Return the members of the group besides the one named that have a host, but those that leave."""
    without = {member_id, *leaving}
    with transaction() as session:
        found = [_member_of(session, each) for each in groups.members(session, [group.id]) if each.id not in without]
    return tuple(member for member in found if member is not None)


def _follow(context: TaskContext, primary_id: str | None, epoch: int) -> StepResult:
    credential = groups.credential(groups.of(context.instance))
    asked = Follow(epoch, require_member(context.instance.id), require_member(primary_id), credential)
    try:
        return host.change(context, asked)
    except HostUnreachable:
        if not silent_for(context, get_settings().host_silence_seconds // 2):
            raise
        return StepResult()


def _epoch(context: TaskContext) -> int:
    return request_of(context.operation, replica_promote.Request).epoch

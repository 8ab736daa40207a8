"""A change of all members of a group, one after another, by an operation for each."""

from collections.abc import Callable

from functions.base.errors import BadRequest, Busy, NotFound, StepFailed
from functions.base.statuses import ACTIVE_STATES, OperationState
from functions.framework.step import Nothing, StepResult, step
from functions.operations import group_roll, instance_resize, instance_restart, instance_upgrade, replica_promote
from functions.operations.group_roll import Change
from functions.operations.parts.launch import launch
from functions.state.groups import choice, groups
from functions.state.groups.choice import Choice
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations import operations
from functions.state.operations.acceptance import Caller, request_of
from functions.state.operations.context import TaskContext
from functions.state.operations.models import Operation
from functions.topology import flavors


@step("roll.change_replicas")
def change_replicas(_request: Nothing, context: TaskContext) -> StepResult:
    """Change the replicas, each once the one before has ended."""
    return StepResult(done=all(_is_changed(context, each) for each in _request_of(context).replicas))


@step("roll.hand_over")
def hand_over(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the replica that is least behind take the primary's place, unless another one has it already."""
    former = context.instance
    if groups.of(former).primary_id != former.id:
        return StepResult()
    try:
        replica = choice.member(former, Choice.REPLICA)
    except BadRequest:  # the last one changed has not been seen to follow again
        return StepResult(done=False)
    return StepResult(done=_is_done(context, replica, "replica_promote", replica_promote.accept_promote))


@step("roll.change_former_primary")
def change_former_primary(_request: Nothing, context: TaskContext) -> StepResult:
    """Change the former primary, which follows now."""
    return StepResult(done=_is_changed(context, context.instance.id))


def _is_changed(context: TaskContext, member_id: str) -> bool:
    """Return whether the operation's change of a member has ended; begin it if it has not begun.

    A member that is gone, or has the flavor, needs no change. Raises StepFailed if the change has failed.
    """
    member, asked = instances.load(member_id), _request_of(context)
    begun = operations.of_request(context.operation, asked.change, member_id)
    if begun is None and (member.deleted_at is not None or member.flavor_id == asked.flavor_id):
        return True

    def accept(instance_id: str, caller: Caller) -> Operation:
        if asked.change == Change.RESIZE:
            return instance_resize.accept_resize(instance_id, flavors.get(str(asked.flavor_id)), caller)
        if asked.change == Change.UPGRADE:
            return instance_upgrade.accept_upgrade(member, member.datastore_version_id, caller)
        return instance_restart.accept_restart(instance_id, caller)

    return _is_done(context, member, asked.change, accept)


def _is_done(context: TaskContext, member: Instance, kind: str, accept: Callable[[str, Caller], Operation]) -> bool:
    """Return whether the operation of a kind that this one began on a member has succeeded; begin it if need be.

    A member that another operation holds is waited for. Raises StepFailed if it has not succeeded.
    """
    parent = context.operation
    begun = operations.of_request(parent, kind, member.id)
    if begun is None:
        try:
            launch(accept(member.id, Caller(parent.project_id, parent.user_id, parent.request_id)))
        except NotFound:
            return True
        except Busy as error:
            if not operations.are_under_way(member.id, but=parent.id):
                raise StepFailed(error.message) from error
        return False
    if begun.state in ACTIVE_STATES:
        return False
    if begun.state != OperationState.SUCCEEDED:
        raise StepFailed(f"{kind} of instance {member.id} ended as {begun.state}: see operation {begun.id}")
    return True


def _request_of(context: TaskContext) -> group_roll.Request:
    return request_of(context.operation, group_roll.Request)

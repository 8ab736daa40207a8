"""The failover of a group: its members are fenced, and the most advanced replica takes writes."""

import time
from dataclasses import replace

from datastores.protocol.replication import AcceptWrites, Fence, MemberPosition, StopWrites
from functions.base.errors import StepFailed
from functions.base.settings import get_settings
from functions.framework.operation import Part
from functions.framework.step import Nothing, StepResult, step
from functions.hostlink import host
from functions.hostlink.ssh import CommandTimedOut, HostUnreachable
from functions.operations import group_failover
from functions.state.groups import groups
from functions.state.groups.models import Group
from functions.state.groups.policy import FailoverMode
from functions.state.operations import operations, sealed, timeline
from functions.state.operations.acceptance import request_of
from functions.state.operations.context import TaskContext
from functions.state.operations.models import Operation
from functions.state.operations.secrets import Fenced
from functions.steps.hosts import member

_SHORTEST_SECONDS = 2.0
"""Seconds that a member has for one answer at least."""


@step("failover.fence")
def fence(_request: Nothing, context: TaskContext) -> StepResult:
    """Have a replica stop following, or the old primary stop taking writes; keep how far its log is.

    A member that does not answer is left out after `fence_seconds`, as far as the failover can do without it.
    """
    position = _fence(context)
    if position is None and not _is_left_out(context):
        return StepResult(done=False)
    sealed.keep(context.operation, Fenced(position), context.instance.id)
    return StepResult()


@step("failover.promote")
def promote(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the most advanced replica take writes; do nothing on another one.

    Raises StepFailed if acknowledged commits could be lost that the group's policy protects.
    """
    group = groups.of(context.instance)
    if context.instance.id != _chosen(context, group):
        return StepResult()
    return member.take_writes(context, _request_of(context).epoch)


@step("failover.accept_writes", compensation=True)
def accept_writes(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the old primary take writes again, under one more epoch, unless a replica was promoted."""
    group, asked = groups.of(context.instance), _request_of(context)
    if group.epoch >= asked.epoch or not timeline.was_called(context.operation.id, "failover.fence"):
        return StepResult()
    done = host.change(context, AcceptWrites(asked.epoch + 1))
    if done.done:
        groups.record_primary(group.id, context.instance.id, asked.epoch + 1)
    return done


def _fence(context: TaskContext) -> MemberPosition | None:
    """Return how far the fenced member's log is; None if it has not answered yet."""
    epoch = _request_of(context).epoch
    seconds = max(_SHORTEST_SECONDS, get_settings().fence_seconds / 2)
    limited = replace(context, deadline=min(context.deadline, time.monotonic() + seconds))
    asked = StopWrites(epoch) if _is_primary(context) else Fence(epoch)
    try:
        return host.changed(limited, asked)
    except (HostUnreachable, CommandTimedOut):
        return None


def _is_left_out(context: TaskContext) -> bool:
    settings, operation = get_settings(), operations.load(context.operation.id)
    if not member.silent_for(context, settings.fence_seconds):
        return False
    group = groups.of(context.instance)
    enough = len(_answers(operation)) >= group.policy.answers_needed(len(_replicas(operation)))
    return _is_primary(context) or enough or member.silent_for(context, settings.fence_longest_seconds)


def _replicas(operation: Operation) -> list[str]:
    return [target.resource_id for target in operation.targets if target.part == Part.MEMBER]


def _answers(operation: Operation) -> dict[str, MemberPosition]:
    """Return how far the logs of the replicas are that have answered, and whose database runs."""
    found = {each: sealed.find(operation, Fenced, each) for each in _replicas(operation)}
    return {each: kept.position for each, kept in found.items() if kept and kept.position and kept.position.history}


def _chosen(context: TaskContext, group: Group) -> str:
    """Return the id of the replica that has most of the log. Raises StepFailed if the policy forbids its promotion."""
    answers = _answers(context.operation)
    if not answers:
        raise StepFailed("no replica answers whose database runs")
    _require_all_acknowledged(group, len(_replicas(context.operation)), len(answers))
    chosen = max(answers, key=lambda each: (answers[each].history, answers[each].received, each))
    if _request_of(context).automatic:
        _require_nothing_alone(group)
        _require_little_lag(group, answers[chosen])
    return chosen


def _require_all_acknowledged(group: Group, replicas: int, answers: int) -> None:
    needed = group.policy.answers_needed(replicas)
    if answers < needed:
        raise StepFailed(
            f"{answers} of {replicas} replicas answered, and {needed} must, so that one of them has every acknowledged"
            " commit"
        )


def _require_nothing_alone(group: Group) -> None:
    if group.alone_since is not None:
        raise StepFailed(
            f"the source has gone on without enough replicas since {group.alone_since:%Y-%m-%dT%H:%M:%S}: what it"
            " acknowledged since may be on no replica. Bring it back, or eject it and lose that"
        )


def _require_little_lag(group: Group, position: MemberPosition) -> None:
    allowed, seen = group.policy.max_lag_bytes, group.last_seen
    if group.policy.mode == FailoverMode.SYNCHRONOUS or allowed is None or seen is None:
        return
    lacking = seen.received - position.received
    if seen.history == position.history and lacking > allowed:
        raise StepFailed(f"the best replica lacks {lacking} bytes of log, more than the {allowed} of max_lag_bytes")


def _is_primary(context: TaskContext) -> bool:
    return context.target is not None and context.target.part == Part.PRIMARY


def _request_of(context: TaskContext) -> group_failover.Request:
    return request_of(context.operation, group_failover.Request)

"""A member comes back to its group."""

import time
from dataclasses import replace
from datetime import timedelta

from datastores.protocol.replication import Fence, Rejoined, ReplicationState
from functions.base.clock import now
from functions.base.errors import EngineRefused, StepFailed
from functions.base.settings import get_settings
from functions.framework.step import Nothing, StepResult, step
from functions.hostlink import host
from functions.hostlink.ssh import HostUnreachable
from functions.operations import replica_rejoin
from functions.state.groups import groups, standing
from functions.state.hosts import hosts
from functions.state.operations import moves, sealed, timeline
from functions.state.operations.acceptance import request_of
from functions.state.operations.context import TaskContext
from functions.steps.hosts import job

CONNECTED_SECONDS = 60
"""Seconds within which a member that follows is connected to its primary."""
REJOIN, REPLICATE = job.Job(action="rejoin"), job.Job(action="replicate")


@step("rejoin.fence_isolated")
def fence_isolated(request: Nothing, context: TaskContext) -> StepResult:
    """Fence a member whose host is isolated, so that it takes no writes when it is let back.

    Where isolation ends the SSH server, too, it does not answer, and starts without its database.
    """
    if not context.host.isolated:
        return StepResult()
    limited = replace(context, deadline=time.monotonic() + get_settings().fence_seconds)
    try:
        return fence(request, limited)
    except HostUnreachable:
        return StepResult(done=not _begun_within(context, get_settings().fence_seconds))


@step("rejoin.fence")
def fence(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the member take no writes and follow nobody under the group's epoch, ending its clients' sessions.

    Done, too, if its database lets nobody in: the host has kept the epoch, and the job that comes next stops it.
    """
    try:
        return StepResult(done=host.changed(context, Fence(groups.of(context.instance).epoch)) is not None)
    except EngineRefused:
        return StepResult()


@step("rejoin.rejoin")
def rejoin(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the member follow with its own data, and keep what came of it. Do nothing if a rebuild was asked for.

    Raises as `job.run`.
    """
    if request_of(context.operation, replica_rejoin.Request).rebuild:
        return StepResult()
    answer = job.outcome(context, REJOIN, job.job_ids(context, REJOIN))
    if not isinstance(answer, Rejoined):
        return StepResult(done=False)
    moves.note(context.operation.id, _words(answer))
    sealed.keep(context.operation, answer)
    if answer.report is not None:
        hosts.record_report(context.host.id, answer.report)
    return StepResult()


@step("rejoin.rebuild")
def rebuild(_request: Nothing, context: TaskContext) -> StepResult:
    """Replace the member's data by a copy of the primary's, unless it follows with its own. Raises as `job.run`."""
    rejoined = sealed.find(context.operation, Rejoined)
    if rejoined is not None and rejoined.following and _begun_within(context, CONNECTED_SECONDS):
        return StepResult(done=_problem(context) is None)
    return StepResult(done=job.outcome(context, REPLICATE, job.job_ids(context, REPLICATE)) is not None)


@step("rejoin.follow")
def follow(_request: Nothing, context: TaskContext) -> StepResult:
    """Wait until the member is connected to its primary. Raises StepFailed if it is not after a while."""
    problem = _problem(context)
    if problem is not None and not _begun_within(context, CONNECTED_SECONDS):
        raise StepFailed(f"the replica does not follow its source: {problem}")
    return StepResult(done=problem is None)


def _words(answer: Rejoined) -> str:
    if not answer.following:
        return f"the data of the replica must be replaced: {answer.reason}"
    if answer.discarded is None:
        return "the replica follows with its own data"
    return (
        f"the replica follows with its own data; bytes (or transactions) of its log that are gone: {answer.discarded}"
    )


def _problem(context: TaskContext) -> str | None:
    """Return why the member does not follow its primary; None: it does."""
    try:
        member = host.call(context.host, context.spec.datastore_version_id, context, ReplicationState())
    except EngineRefused as error:  # a server that starts lets nobody in
        return error.message
    return standing.problem_of(member, groups.of(context.instance).primary_id)


def _begun_within(context: TaskContext, seconds: float) -> bool:
    """Return whether the task was called first within so many seconds."""
    return now() - timeline.begun(context) <= timedelta(seconds=seconds)

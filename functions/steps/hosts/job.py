"""Jobs on an instance's host, which are started, polled and cancelled over SSH."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from datetime import timedelta
from typing import Any, Literal

from datastores.protocol import codec
from datastores.protocol.engine import (
    Access,
    Backup,
    ChangeTls,
    Configure,
    Converted,
    Create,
    EngineReport,
    Grow,
    Parent,
    Resize,
    Restart,
    Restore,
    Start,
    Stop,
    Upgrade,
)
from datastores.protocol.message import Work
from datastores.protocol.replication import Member, Rejoin, Replicate
from datastores.protocol.requests import JobReport, JobState
from datastores.protocol.work import JOBS
from functions.base.clock import now
from functions.base.errors import StepFailed
from functions.base.settings import get_settings
from functions.framework.step import Nothing, StepInput, StepResult, step
from functions.hostlink import host
from functions.hostlink.certificates import certificate_for
from functions.hostlink.ssh import HostUnreachable
from functions.operations import backup_create
from functions.operations.parts import new_instances
from functions.operations.parts.settings import settings_of
from functions.state.endpoints import endpoints
from functions.state.groups import groups
from functions.state.groups.models import Group
from functions.state.hosts import hosts
from functions.state.operations import moves, sealed, timeline
from functions.state.operations.acceptance import request_of
from functions.state.operations.context import TaskContext
from functions.state.operations.secrets import BackupDownload, BackupUpload, FirstUsers, ParentDownload
from functions.steps.hosts import member

Action = Literal[
    "create",
    "replicate",
    "rejoin",
    "restore",
    "restart",
    "backup",
    "resize",
    "grow",
    "access",
    "upgrade",
    "stop",
    "start",
    "configure",
    "change_tls",
]

ATTEMPTS: dict[Action, int] = {"replicate": 3}
"""How often a job is started when it is killed or fails, if more than once: the source of a copy may restart."""


class Job(StepInput):
    """The operation's job, by its action of the engine."""

    action: Action


@step("job.run")
def run(request: Job, context: TaskContext) -> StepResult:
    """Start the job on the host, wait for its end, and store its progress for the API.

    A job that is started twice runs once, and a host refuses an operation older than the newest it has seen.

    Raises:
        StepFailed: the job failed, died or was cancelled; the message is the host's.
    """
    return StepResult(done=outcome(context, request, job_ids(context, request)) is not None)


@step("job.run_seed")
def run_seed(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the primary write the backup that new replicas begin with, as `job.run` does. Do nothing if the datastore
    seeds from a member."""
    if sealed.find(context.operation, BackupUpload) is None:
        return StepResult()
    return run(Job(action="backup"), context)


@step("job.run_undo", compensation=True)
def run_undo(request: Job, context: TaskContext) -> StepResult:
    """Run the job again with the spec before the operation. Do nothing if `job.run` was never called.

    Raises StepFailed if the job did not succeed.
    """
    if not timeline.was_called(context.operation.id, "job.run"):
        return StepResult()
    job_id = f"{context.operation.id}-undo-{request.action}"
    return StepResult(done=outcome(context, request, (job_id,)) is not None)


def outcome(context: TaskContext, request: Job, ids: Sequence[str]) -> object | None:
    """Return the answer of a job, which is started unless it was; None: it has not ended.

    One that was killed or failed is started again under the next of the ids, as long as there is one. Raises as `run`.
    """
    if context.host.isolated:
        raise StepFailed(f"{request.action}: the host was isolated, since a replica took the place of its instance")
    for job_id in ids:
        report = _report(context, request, job_id)
        if report.state not in {JobState.DEAD, JobState.FAILED}:
            break
    if report.progress != context.operation.progress:
        moves.record_progress(context.operation.id, report.progress)
    if report.state in {JobState.RUNNING, JobState.UNKNOWN}:
        return None
    if report.state != JobState.SUCCEEDED:
        raise _failed(request, report)
    answer: object = codec.decode(JOBS[request.action].answer(), report.result)
    if isinstance(answer, EngineReport):
        hosts.record_report(context.host.id, answer)
    return answer


def _report(context: TaskContext, request: Job, job_id: str) -> JobReport:
    report = host.poll_job(context, job_id) if context.again else None
    return _start(context, request, job_id) if report is None or report.state == JobState.UNKNOWN else report


def _start(context: TaskContext, request: Job, job_id: str) -> JobReport:
    limits = get_settings()
    try:
        return host.start_job(context, job_id, WORK[request.action](context), limits.host_job_seconds)
    except HostUnreachable as error:
        silent = now() - timeline.begun(context)
        if context.operation.progress is None and silent > timedelta(seconds=limits.host_silence_seconds):
            raise StepFailed(f"{request.action}: {error.message}") from error
        raise


def _failed(request: Job, report: JobReport) -> StepFailed:
    if report.error is None:
        return StepFailed(f"{request.action}: the job on the host is {report.state.value}")
    kind = host.error_kind(report.error)
    return (kind if issubclass(kind, StepFailed) else StepFailed)(f"{request.action}: {report.error.message}")


@step("job.cancel", compensation=True)
def cancel(request: Job, context: TaskContext) -> StepResult:
    """Cancel the job, unless the host was never created or is gone; on an isolated one, only if it answers."""
    if context.maybe_host is None or context.host.management_address is None:
        return StepResult()
    with suppress(HostUnreachable) if context.host.isolated else nullcontext():
        for job_id in job_ids(context, request):
            host.cancel_job(context, job_id)
    return StepResult()


@step("job.cancel_seed", compensation=True)
def cancel_seed(_request: Nothing, context: TaskContext) -> StepResult:
    """Cancel the primary's job, if there can be one."""
    if sealed.find(context.operation, BackupUpload) is None:
        return StepResult()
    return cancel(Job(action="backup"), context)


@step("job.keep_converted", compensation=True)
def keep_converted(_request: Nothing, context: TaskContext) -> StepResult:
    """Keep the new version in the spec if the upgrade has converted the data for good."""
    version_id = context.spec.datastore_version_id
    if host.call(context.host, version_id, context, Converted()).converted:
        moves.keep_spec(context.operation.id, context.instance.id, datastore_version_id=version_id)
    return StepResult()


def job_ids(context: TaskContext, request: Job) -> tuple[str, ...]:
    """Return the ids of the operation's job on its host: as many as it may be started."""
    first = f"{context.operation.id}-{request.action}"
    return (first, *(f"{first}-{number}" for number in range(2, ATTEMPTS.get(request.action, 1) + 1)))


def _networks(context: TaskContext) -> tuple[str, ...]:
    return tuple(endpoints.admitted(context.instance, context.spec))


def _setup(context: TaskContext) -> dict[str, Any]:
    """Return the fields of `Setup`."""
    networks, tls = _networks(context), certificate_for(context)
    return {"settings": settings_of(context.spec), "allowed_cidrs": networks, "tls": tls}


def _epoch(context: TaskContext) -> int | None:
    return groups.of(context.instance).epoch if context.instance.group_id else None


def _new_setup(context: TaskContext) -> dict[str, Any]:
    """Return the fields of `NewSetup`."""
    asked = request_of(context.operation, new_instances.Request)
    users = sealed.get(context.operation, FirstUsers).users
    return {**_setup(context), "databases": asked.databases, "users": users}


def _restore(context: TaskContext) -> Restore:
    download = sealed.get(context.operation, BackupDownload).prefixes
    return Restore(**_new_setup(context), download=download)


def _place(context: TaskContext) -> tuple[Group, Member, Member]:
    """Return the instance's group, and where the other members reach the instance and the primary."""
    group = groups.of(context.instance)
    return group, member.require_member(context.instance.id), member.require_member(group.primary_id)


def _replicate(context: TaskContext) -> Replicate:
    group, me, primary = _place(context)
    download = sealed.find(context.operation, BackupDownload)
    return Replicate(
        **_setup(context),
        epoch=group.epoch,
        me=me,
        primary=primary,
        source=primary,
        credential=groups.credential(group),
        seed=context.operation.id,
        download=download.prefixes if download else (),
    )


def _rejoin(context: TaskContext) -> Rejoin:
    group, me, primary = _place(context)
    credential = groups.credential(group)
    return Rejoin(**_setup(context), epoch=group.epoch, me=me, primary=primary, credential=credential)


def _backup(context: TaskContext) -> Backup:
    upload, download = sealed.get(context.operation, BackupUpload), sealed.find(context.operation, ParentDownload)
    parent = None
    if download is not None:
        required = request_of(context.operation, backup_create.Request).parent_required
        parent = Parent(str(context.backup.parent_id), download.prefix, required)
    return Backup(upload.prefix, get_settings().backup_segment_bytes, parent)


WORK: dict[Action, Callable[[TaskContext], Work[Any]]] = {
    "create": lambda context: Create(**_new_setup(context)),
    "restore": _restore,
    "replicate": _replicate,
    "rejoin": _rejoin,
    "restart": lambda context: Restart(**_setup(context), epoch=_epoch(context)),
    "backup": _backup,
    "resize": lambda context: Resize(settings_of(context.spec), certificate_for(context)),
    "grow": lambda context: Grow(settings_of(context.spec)),
    "access": lambda context: Access(_networks(context), certificate_for(context)),
    "upgrade": lambda context: Upgrade(settings_of(context.spec), certificate_for(context)),
    "stop": lambda _context: Stop(),
    "start": lambda context: Start(**_setup(context), epoch=_epoch(context)),
    "configure": lambda context: Configure(settings_of(context.spec)),
    "change_tls": lambda context: ChangeTls(settings_of(context.spec), certificate_for(context)),
}
"""The request to the host for each action."""

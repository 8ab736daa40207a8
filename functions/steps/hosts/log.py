"""Logs of an instance on its host: list, enable, disable and publish."""

from pydantic import BaseModel

from datastores.catalog import catalog
from datastores.protocol.engine import Reconfigure
from datastores.protocol.logs import LogPosition, MeasureLogs, PublishLog
from functions.framework.step import Nothing, StepContext, StepInput, StepResult, step
from functions.hostlink import host
from functions.operations.instance_log import Request
from functions.operations.parts.settings import settings_of
from functions.state.instances import instances
from functions.state.logs import logs
from functions.state.logs.logs import Published
from functions.state.operations import sealed, timeline
from functions.state.operations.acceptance import request_of
from functions.state.operations.context import TaskContext
from functions.state.operations.secrets import LogEnd, LogUpload


class Account(StepInput):
    """The project to whose account logs were published."""

    account: str


class FoundLog(BaseModel):
    """A log; `pending_bytes` are not published yet, `rotated`: the file that was published last is gone."""

    name: str
    type: str
    enabled: bool
    published_bytes: int
    pending_bytes: int
    rotated: bool


class LogsFound(StepResult):
    """All logs of an instance with their sizes."""

    logs: list[FoundLog]


@step("log.list", audience="read")
def list_logs(request: Account, context: StepContext) -> LogsFound:
    """Return all logs of the instance with their sizes, which the host measures."""
    instance = instances.load(context.instance_id)
    known = catalog().datastore_of(instance.datastore_version_id).logs
    done = {name: logs.published(instance.id, name, request.account) for name in known}
    asked = MeasureLogs(tuple(LogPosition(name, done[name].position) for name in known))
    measured = host.ask(instance, context, asked).logs
    found = [
        FoundLog(
            name=name,
            type=log.type,
            enabled=log.type == "SYS" or name in instance.enabled_logs,
            published_bytes=done[name].published_bytes,
            pending_bytes=seen.pending_bytes,
            rotated=seen.rotated,
        )
        for (name, log), seen in zip(known.items(), measured, strict=True)
    ]
    return LogsFound(logs=found)


@step("log.apply")
def apply(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the engine write the enabled logs, if the operation changes which they are."""
    _write_logs(context)
    return StepResult()


@step("log.revert", compensation=True)
def revert(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the engine write the logs that it wrote before the operation. Published objects stay."""
    if timeline.was_called(context.operation.id, "log.apply"):
        _write_logs(context)
    return StepResult()


@step("log.publish")
def publish(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the host publish the log up to its end at the operation's first call, some megabytes a call."""
    asked = request_of(context.operation, Request)
    if not asked.publish:
        return StepResult()
    before = logs.published(context.instance.id, asked.log, asked.account)
    until = _end(context, asked, before).position
    if until is None or before.position == until:
        return StepResult()
    wanted = PublishLog(
        name=asked.log,
        log_type=catalog().datastore_of(context.spec.datastore_version_id).logs[asked.log].type,
        upload=sealed.get(context.operation, LogUpload).prefix,
        position=before.position,
        until=until,
        begun=context.operation.created.isoformat(timespec="microseconds"),
        parts=before.parts,
    )
    part = host.call_for(context, wanted)
    after = Published(
        position=part.position,
        published_bytes=before.published_bytes + part.published_bytes,
        parts=before.parts + part.parts,
        discarded_by=before.discarded_by,
    )
    logs.record_published(context.instance.id, asked.log, asked.account, before, after)
    return StepResult(done=part.finished)


def _write_logs(context: TaskContext) -> None:
    if context.target is not None and context.target.after is not None:
        host.call_for(context, Reconfigure(settings_of(context.spec)))


def _end(context: TaskContext, asked: Request, before: Published) -> LogEnd:
    """Return the log's end as it was when the operation asked first."""
    kept = sealed.find(context.operation, LogEnd)
    if kept is not None:
        return kept
    measure = MeasureLogs((LogPosition(asked.log, before.position),))
    [measured] = host.ask(context.instance, context, measure).logs
    return sealed.keep(context.operation, LogEnd(measured.end))

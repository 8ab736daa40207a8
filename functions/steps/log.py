"""Logs of an instance on its host: what there is of them, enabling and disabling, publishing."""

from pydantic import BaseModel

from datastores.catalog import Datastore, catalog
from datastores.protocol import codec
from datastores.protocol.engine import Reconfigure
from datastores.protocol.logs import LogPosition, MeasureLogs, Position, PublishLog
from datastores.protocol.storage import Prefix
from datastores.protocol.turns import Turn
from functions.operations import turn_of
from functions.runtime.step import Nothing, StepContext, StepInput, StepResult, step
from functions.state import instances, logs, operations
from functions.state.logs import LogRequest, Published
from functions.state.models import Instance
from functions.state.subject import subject
from functions.steps import host, job


class Account(StepInput):
    """The project whose publications are meant."""

    account: str


class FoundLog(BaseModel):
    """A log; `pending_bytes` were written since it was published, `rotated`: what was published last is gone."""

    name: str
    type: str
    enabled: bool
    published_bytes: int
    pending_bytes: int
    rotated: bool


class LogsFound(StepResult):
    """They are measured."""

    logs: list[FoundLog]


@step("log.list", audience="read")
def list_logs(request: Account, context: StepContext) -> LogsFound:
    """Measure all logs of the instance."""
    instance = instances.load(context.instance_id)
    known = _datastore(instance).logs
    done = {name: logs.published(instance.id, name, request.account) for name in known}
    asked = MeasureLogs(tuple(LogPosition(name, done[name].position) for name in known))
    measured = host.call(instance, context, asked).logs
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
def apply(_request: Nothing, context: StepContext) -> StepResult:
    """Have the engine write the log, or not, as asked; the row says so once it does."""
    about = subject(context.operation_id)
    request = LogRequest.model_validate(about.operation.request)
    if request.enabled is None:
        return StepResult()
    others = [name for name in about.instance.enabled_logs if name != request.log]
    wanted = sorted([*others, request.log]) if request.enabled else others
    _write(about.instance, context, wanted, turn_of(about.operation))
    return StepResult()


@step("log.revert", compensation=True)
def revert(_request: Nothing, context: StepContext) -> StepResult:
    """Have the engine write the logs that it wrote before the operation; what was published stays."""
    about = subject(context.operation_id)
    request = LogRequest.model_validate(about.operation.request)
    if request.enabled is not None and operations.was_called(about.operation.id, "log.apply"):
        _write(about.instance, context, about.operation.request["logs_before"], turn_of(about.operation))
    return StepResult()


@step("log.publish")
def publish(_request: Nothing, context: StepContext) -> StepResult:
    """Have the host store what there was of the log when this was first called, some megabytes a call."""
    about = subject(context.operation_id)
    request = LogRequest.model_validate(about.operation.request)
    if not request.publish:
        return StepResult()
    before = logs.published(about.instance.id, request.log, request.account)
    secrets = operations.secrets(about.operation.id)
    if "until" not in secrets:
        asked = MeasureLogs((LogPosition(request.log, before.position),))
        [measured] = host.call(about.instance, context, asked).logs
        secrets = operations.add_secrets(about.operation.id, {"until": measured.end and codec.encode(measured.end)})
    if secrets["until"] is None or before.position == (until := codec.decode(Position, secrets["until"])):
        return StepResult()
    wanted = PublishLog(
        name=request.log,
        log_type=_datastore(about.instance).logs[request.log].type,
        upload=codec.decode(Prefix, secrets["upload"]),
        position=before.position,
        until=until,
        begun=about.operation.created.isoformat(timespec="microseconds"),
        parts=before.parts,
    )
    part = host.call(about.instance, context, wanted, turn_of(about.operation))
    after = Published(
        position=part.position,
        published_bytes=before.published_bytes + part.published_bytes,
        parts=before.parts + part.parts,
        discarded_by=before.discarded_by,
    )
    logs.record_published(about.instance.id, request, before, after)
    return StepResult(done=part.finished)


def _write(instance: Instance, context: StepContext, enabled: list[str], turn: Turn) -> None:
    host.call(instance, context, Reconfigure(job.settings(instance, enabled)), turn)
    logs.record_enabled(instance.id, enabled)


def _datastore(instance: Instance) -> Datastore:
    return catalog().find(catalog().version_by_id(instance.datastore_version_id).datastore)

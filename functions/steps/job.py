"""Jobs on an instance's host: long work that is started, polled and cancelled over SSH."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Literal

from datastores.catalog import catalog
from datastores.protocol import codec
from datastores.protocol.accounts import Database
from datastores.protocol.engine import (
    Access,
    Backup,
    Configure,
    Converted,
    Create,
    EngineReport,
    Grow,
    Parent,
    Resize,
    Restart,
    Restore,
    Settings,
    Start,
    Stop,
    Upgrade,
)
from datastores.protocol.message import Work
from datastores.protocol.requests import JobReport, JobState
from datastores.protocol.storage import Prefix
from datastores.protocol.work import JOBS
from functions.cloud.ssh import HostUnreachable
from functions.runtime.clock import now
from functions.runtime.errors import StepFailed
from functions.runtime.step import StepContext, StepInput, StepResult, step
from functions.state import operations
from functions.state.backups import PARENT_REQUIRED
from functions.state.findings import record_engine_report, record_version
from functions.state.models import Instance
from functions.state.subject import Subject, subject, wanted
from functions.steps import host
from functions.steps.certificate import certificate
from functions.steps.user import new_users

SEGMENT_BYTES = 32 * 1024 * 1024
"""Two such buffers are what an upload holds in memory."""
SILENCE = timedelta(minutes=5)
"""After which a host that has never answered for an operation is taken for one that will not."""
UNDO_SECONDS = 600
"""What a job has at least, so that it can be undone past the operation's deadline."""

Action = Literal[
    "create", "restore", "restart", "backup", "resize", "grow", "access", "upgrade", "stop", "start", "configure"
]


class Job(StepInput):
    """Which of the operation's jobs: an action of the engine."""

    action: Action


@step("job.run")
def run(request: Job, context: StepContext) -> StepResult:
    """Start the job on the host and wait for its end, keeping its progress for the API.

    Started twice it runs once, and a host refuses an operation older than the newest it has seen.

    Raises:
        StepFailed: it failed, died or was cancelled; the message is the host's.
    """
    about = (wanted if request.action == "upgrade" else subject)(context.operation_id)
    result = _run(about, context, request, _job_id(about, request))
    if result.done and request.action == "upgrade":
        record_version(about.instance.id, about.instance.datastore_version_id)
    return result


@step("job.run_undo", compensation=True)
def run_undo(request: Job, context: StepContext) -> StepResult:
    """Run the job once more, with the values that the instance has back; where it never was started, nothing.

    Raises StepFailed: it did not succeed.
    """
    about = subject(context.operation_id)
    if not operations.was_called(about.operation.id, "job.run"):
        return StepResult()
    return _run(about, context, request, f"{about.operation.id}-undo-{request.action}")


def _run(about: Subject, context: StepContext, request: Job, job_id: str) -> StepResult:
    report = host.poll_job(about, context, job_id) if context.again else None
    if report is None or report.state == JobState.UNKNOWN:
        report = _start(about, context, request, job_id)
    progress = asdict(report.progress)
    if progress != about.operation.progress:
        operations.record_progress(about.operation.id, progress)
    if report.state in {JobState.RUNNING, JobState.UNKNOWN}:
        return StepResult(done=False)
    if report.state != JobState.SUCCEEDED:
        raise _failed(request, report)
    answer = codec.decode(JOBS[request.action].answer(), report.result)
    if isinstance(answer, EngineReport):
        record_engine_report(about.instance.id, answer)
    return StepResult()


def _start(about: Subject, context: StepContext, request: Job, job_id: str) -> JobReport:
    try:
        return host.start_job(about, context, job_id, WORK[request.action](about), UNDO_SECONDS)
    except HostUnreachable as error:
        since = operations.called_since(about.operation.id, "job.run") or now()
        if about.operation.progress is None and now() - since > SILENCE:
            raise StepFailed(f"{request.action}: {error.message}") from error
        raise


def _failed(request: Job, report: JobReport) -> StepFailed:
    if report.error is None:
        return StepFailed(f"{request.action}: the job on the host is {report.state.value}")
    kind = host.error_kind(report.error)
    return (kind if issubclass(kind, StepFailed) else StepFailed)(f"{request.action}: {report.error.message}")


@step("job.cancel", compensation=True)
def cancel(request: Job, context: StepContext) -> StepResult:
    """End the job if it runs; a host that was never made, or is gone, has none.

    What an upgrade has converted for good stays so.
    """
    about = subject(context.operation_id)
    if about.instance.management_address is not None and about.instance.deleted_at is None:
        host.cancel_job(about, context, _job_id(about, request))
    if request.action == "upgrade":
        new = wanted(context.operation_id).instance
        if host.call(new, context, Converted()).converted:
            record_version(new.id, new.datastore_version_id)
    return StepResult()


def _job_id(about: Subject, request: Job) -> str:
    return f"{about.operation.id}-{request.action}"


def settings(instance: Instance, enabled_logs: list[str] | None = None) -> Settings:
    """The engine's settings: the flavor's, the configuration group's, and those of the logs that are enabled (by
    default the ones that the row says)."""
    version = catalog().version_by_id(instance.datastore_version_id)
    logs = (
        catalog().find(version.datastore).log_settings(instance.enabled_logs if enabled_logs is None else enabled_logs)
    )
    return version.settings_for(instance.memory_mb, instance.cpus) | instance.configuration_values | logs


def _networks(about: Subject) -> tuple[str, ...]:
    return tuple(about.instance.access.get("allowed_cidrs", ()))


def _setup(about: Subject) -> dict[str, Any]:
    """The fields of `Setup`."""
    networks, tls = _networks(about), certificate(about.instance)
    return {"settings": settings(about.instance), "allowed_cidrs": networks, "tls": tls}


def _new_setup(about: Subject) -> dict[str, Any]:
    """The fields of `NewSetup`."""
    asked = about.operation.request["databases"]
    databases = tuple(codec.decode(Database, database) for database in asked)
    return {**_setup(about), "databases": databases, "users": new_users(about)}


def _restore(about: Subject) -> Restore:
    addresses = operations.secrets(about.operation.id)["download"]
    return Restore(**_new_setup(about), download=tuple(codec.decode(Prefix, address) for address in addresses))


def _backup(about: Subject) -> Backup:
    secrets, parent = operations.secrets(about.operation.id), None
    if "parent" in secrets:
        required = about.operation.request[PARENT_REQUIRED]
        parent = Parent(str(about.backup.parent_id), codec.decode(Prefix, secrets["parent"]), required)
    return Backup(codec.decode(Prefix, secrets["upload"]), SEGMENT_BYTES, parent)


WORK: dict[Action, Callable[[Subject], Work[Any]]] = {
    "create": lambda about: Create(**_new_setup(about)),
    "restore": _restore,
    "restart": lambda about: Restart(**_setup(about)),
    "backup": _backup,
    "resize": lambda about: Resize(settings(about.instance), certificate(about.instance)),
    "grow": lambda about: Grow(settings(about.instance)),
    "access": lambda about: Access(_networks(about), certificate(about.instance)),
    "upgrade": lambda about: Upgrade(settings(about.instance), certificate(about.instance)),
    "stop": lambda _about: Stop(),
    "start": lambda about: Start(**_setup(about)),
    "configure": lambda about: Configure(settings(about.instance)),
}
"""What the host is asked to do for each action."""

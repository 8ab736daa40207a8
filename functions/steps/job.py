"""Jobs on an instance's host: long work that is started, polled and cancelled over SSH."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel

from datastores.catalog import catalog
from functions.runtime.clock import now
from functions.runtime.errors import StepFailed
from functions.runtime.step import StepContext, StepInput, StepResult, step
from functions.runtime.waiting import LONG_POLL_SECONDS
from functions.state import operations
from functions.state.backups import PARENT_REQUIRED
from functions.state.findings import EngineState, record_engine_state, record_version
from functions.state.models import Instance
from functions.state.subject import Subject, subject, wanted
from functions.state.transitions import turn_of
from functions.steps import host
from functions.steps.certificate import delivery
from functions.steps.user import new_users

SEGMENT_BYTES = 32 * 1024 * 1024
"""Two such buffers are what an upload holds in memory."""
UNDO_SECONDS = 600
"""What a job has at least, so that it can be undone past the operation's deadline."""

Action = Literal[
    "create", "restore", "restart", "backup", "resize", "grow", "access", "upgrade", "stop", "start", "configure"
]


class Job(StepInput):
    """Which of the operation's jobs: an action of the engine."""

    action: Action


class JobStatus(BaseModel):
    """What a host says of a job."""

    state: Literal["running", "succeeded", "failed", "dead", "cancelled", "unknown"]
    error: dict[str, Any] | None = None
    progress: dict[str, Any] | None = None
    result: dict[str, Any] | None = None


@step("job.start")
def start(request: Job, context: StepContext) -> StepResult:
    """Start the job on the host: twice is once, and a host refuses an operation older than the newest it has seen."""
    about = (wanted if request.action == "upgrade" else subject)(context.operation_id)
    _start(about, context, request, _job_id(about, request))
    return StepResult()


@step("job.start_undo", compensation=True)
def start_undo(request: Job, context: StepContext) -> StepResult:
    """Start the job once more, with the values that the instance has back; where it never was started, nothing."""
    about = subject(context.operation_id)
    if operations.was_called(about.operation.id, "job.start"):
        _start(about, context, request, _undo_id(about, request))
    return StepResult()


def _start(about: Subject, context: StepContext, request: Job, job_id: str) -> None:
    version = catalog().version_by_id(about.instance.datastore_version_id)
    host.ask(
        about.instance,
        context,
        {
            "command": "job.start",
            "job_id": job_id,
            **turn_of(about.operation).fields(),
            "datastore": version.datastore,
            "version": version.name,
            "action": request.action,
            "arguments": ARGUMENTS[request.action](about),
            "time_limit": max(UNDO_SECONDS, int((about.operation.deadline - now()).total_seconds())),
        },
    )


@step("job.wait")
def wait(request: Job, context: StepContext) -> StepResult:
    """Wait for the job to end, keeping its progress for the API.

    Raises:
        StepFailed: it failed, died or was cancelled; the message is the host's.
    """
    about = subject(context.operation_id)
    waited = _wait(about, context, request, _job_id(about, request))
    if waited.done and request.action == "upgrade":
        record_version(about.instance.id, wanted(context.operation_id).instance.datastore_version_id)
    return waited


@step("job.wait_undo", compensation=True)
def wait_undo(request: Job, context: StepContext) -> StepResult:
    """Wait for the job that `job.start_undo` started. Raises StepFailed: it did not succeed."""
    about = subject(context.operation_id)
    if not operations.was_called(about.operation.id, "job.start"):
        return StepResult()
    return _wait(about, context, request, _undo_id(about, request))


def _wait(about: Subject, context: StepContext, request: Job, job_id: str) -> StepResult:
    asked = {"command": "job.poll", "job_id": job_id, "wait": LONG_POLL_SECONDS}
    status = JobStatus.model_validate(host.ask(about.instance, context, asked))
    if status.progress and status.progress != about.operation.progress:
        operations.record_progress(about.operation.id, status.progress)
    if status.state == "running":
        return StepResult(done=False)
    if status.state != "succeeded":
        reason = (status.error or {}).get("message") or f"the job on the host is {status.state}"
        kind = host.ERRORS.get((status.error or {}).get("type", ""), StepFailed)
        raise (kind if issubclass(kind, StepFailed) else StepFailed)(f"{request.action}: {reason}")
    found = EngineState.model_validate(status.result or {})
    if found.model_fields_set:
        record_engine_state(about.instance.id, found)
    return StepResult()


@step("job.cancel", compensation=True)
def cancel(request: Job, context: StepContext) -> StepResult:
    """End the job if it runs; a host that was never made, or is gone, has none.

    What an upgrade has converted for good stays so.
    """
    about = subject(context.operation_id)
    if about.instance.management_address is not None and about.instance.deleted_at is None:
        asked = {"command": "job.cancel", "job_id": _job_id(about, request)}
        host.ask(about.instance, context, asked | turn_of(about.operation).fields())
    if request.action == "upgrade":
        new = wanted(context.operation_id).instance
        if host.call(new, context, "converted", {})["converted"]:
            record_version(new.id, new.datastore_version_id)
    return StepResult()


def _job_id(about: Subject, request: Job) -> str:
    return f"{about.operation.id}-{request.action}"


def _undo_id(about: Subject, request: Job) -> str:
    return f"{about.operation.id}-undo-{request.action}"


def settings(instance: Instance, enabled_logs: list[str] | None = None) -> dict[str, Any]:
    """The engine's settings: the flavor's, the configuration group's, and those of the logs that are enabled (by
    default the ones that the row says)."""
    version = catalog().version_by_id(instance.datastore_version_id)
    logs = (
        catalog().find(version.datastore).log_settings(instance.enabled_logs if enabled_logs is None else enabled_logs)
    )
    return {"settings": version.settings_for(instance.memory_mb, instance.cpus) | instance.configuration_values | logs}


def _access(instance: Instance) -> dict[str, Any]:
    return {"allowed_cidrs": instance.access.get("allowed_cidrs", [])}


def _access_arguments(about: Subject) -> dict[str, Any]:
    return _access(about.instance) | delivery(about.instance)


def _settings_arguments(about: Subject) -> dict[str, Any]:
    return settings(about.instance) | delivery(about.instance)


def _whole_arguments(about: Subject) -> dict[str, Any]:
    return _settings_arguments(about) | _access(about.instance)


def _create_arguments(about: Subject) -> dict[str, Any]:
    databases = {"databases": about.operation.request["databases"], "users": new_users(about)}
    return _whole_arguments(about) | databases


def _restore_arguments(about: Subject) -> dict[str, Any]:
    return _create_arguments(about) | {"download": operations.secrets(about.operation.id)["download"]}


def _backup_arguments(about: Subject) -> dict[str, Any]:
    secrets = operations.secrets(about.operation.id)
    arguments = {"upload": secrets["upload"], "segment_bytes": SEGMENT_BYTES}
    if "parent" in secrets:
        required = about.operation.request[PARENT_REQUIRED]
        arguments["parent"] = {"id": about.backup.parent_id, "required": required, "download": secrets["parent"]}
    return arguments


ARGUMENTS: dict[Action, Callable[[Subject], dict[str, Any]]] = {
    "create": _create_arguments,
    "restore": _restore_arguments,
    "restart": _whole_arguments,
    "backup": _backup_arguments,
    "resize": _settings_arguments,
    "grow": lambda about: settings(about.instance),
    "access": _access_arguments,
    "upgrade": _settings_arguments,
    "stop": lambda _about: {},
    "start": _whole_arguments,
    "configure": lambda about: settings(about.instance),
}

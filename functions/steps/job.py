"""Jobs on an instance's host: long work that is started, polled and cancelled over SSH."""

import json
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel

from datastores import bundle
from datastores.catalog import catalog
from functions.cloud import ssh
from functions.cloud.ssh_ca import authority
from functions.runtime.clock import now
from functions.runtime.errors import StepFailed, StepRefused
from functions.runtime.step import StepContext, StepInput, StepResult, step
from functions.runtime.waiting import LONG_POLL_SECONDS
from functions.state import operations
from functions.state.models import Instance
from functions.state.subject import Subject, subject

SEGMENT_BYTES = 32 * 1024 * 1024
"""Two such buffers are what an upload holds in memory."""

Action = Literal["create", "restore", "restart", "backup"]


class Job(StepInput):
    """Which of the operation's jobs: an action of the engine."""

    action: Action


class JobStatus(BaseModel):
    """What a host says of a job."""

    state: Literal["running", "succeeded", "failed", "dead", "cancelled", "unknown"]
    error: dict[str, Any] | None = None
    progress: dict[str, Any] | None = None


@step("job.start")
def start(request: Job, context: StepContext) -> StepResult:
    """Start the job on the host: twice is once, and a host refuses an operation older than the newest it has seen."""
    about = subject(context.operation_id)
    version = catalog().version_by_id(about.instance.datastore_version_id)
    _ask(
        about,
        context,
        {
            "command": "job.start",
            "job_id": _job_id(about, request),
            "fence": about.operation.fence,
            "datastore": version.datastore,
            "version": version.name,
            "action": request.action,
            "arguments": ARGUMENTS[request.action](about),
            "time_limit": int((about.operation.deadline - now()).total_seconds()),
        },
    )
    return StepResult()


@step("job.wait")
def wait(request: Job, context: StepContext) -> StepResult:
    """Wait for the job to end, keeping its progress for the API.

    Raises:
        StepFailed: it failed, died or was cancelled; the message is the host's.
    """
    about = subject(context.operation_id)
    asked = {"command": "job.poll", "job_id": _job_id(about, request), "wait": LONG_POLL_SECONDS}
    status = JobStatus.model_validate(_ask(about, context, asked))
    if status.progress and status.progress != about.operation.progress:
        operations.record_progress(about.operation.id, status.progress)
    if status.state == "running":
        return StepResult(done=False)
    if status.state != "succeeded":
        reason = (status.error or {}).get("message") or f"the job on the host is {status.state}"
        raise StepFailed(f"{request.action}: {reason}")
    return StepResult()


@step("job.cancel", compensation=True)
def cancel(request: Job, context: StepContext) -> StepResult:
    """End the job if it runs; a host that was never made has none."""
    about = subject(context.operation_id)
    if about.instance.management_address is not None:
        asked = {"command": "job.cancel", "job_id": _job_id(about, request), "fence": about.operation.fence}
        _ask(about, context, asked)
    return StepResult()


def _job_id(about: Subject, request: Job) -> str:
    return f"{about.operation.id}-{request.action}"


def _create_arguments(about: Subject) -> dict[str, Any]:
    instance, asked = about.instance, about.operation.request
    version = catalog().version_by_id(instance.datastore_version_id)
    passwords = operations.secrets(about.operation.id).get("passwords", {})
    users = [
        user
        | {
            "password": passwords[f"{user['name']}@{user['host']}"],
            "databases": [{"name": name} for name in user["databases"]],
        }
        for user in asked["users"]
    ]
    settings = version.settings_for(instance.memory_mb, instance.cpus)
    return {"settings": settings, "databases": asked["databases"], "users": users}


def _restore_arguments(about: Subject) -> dict[str, Any]:
    return _create_arguments(about) | {"download": operations.secrets(about.operation.id)["download"]}


def _backup_arguments(about: Subject) -> dict[str, Any]:
    return {"upload": operations.secrets(about.operation.id)["upload"], "segment_bytes": SEGMENT_BYTES}


ARGUMENTS: dict[Action, Callable[[Subject], dict[str, Any]]] = {
    "create": _create_arguments,
    "restore": _restore_arguments,
    "restart": lambda _about: {},
    "backup": _backup_arguments,
}


def _ask(about: Subject, context: StepContext, request: dict[str, Any]) -> dict[str, Any]:
    datastore = catalog().version_by_id(about.instance.datastore_version_id).datastore
    completed = ssh.run(
        _address(about.instance),
        authority().issue_user(about.instance.host_id, about.operation.id),
        bundle.argv(datastore),
        bundle.request_bytes(datastore, request),
        context.seconds_left,
    )
    if not completed.stdout:
        raise ssh.HostUnreachable(f"the host gave no answer (exit {completed.exit_status})")
    reply = json.loads(completed.stdout)
    if not reply["ok"]:
        error = reply["error"]
        kind = ssh.HostUnreachable if error["retryable"] else StepFailed
        raise kind(error["message"], {"type": error["type"]})
    result: dict[str, Any] = reply["result"]
    return result


def _address(instance: Instance) -> ssh.HostAddress:
    if not (instance.management_address and instance.management_port and instance.management_username):
        raise StepRefused(f"instance {instance.id} has no host yet")
    return ssh.HostAddress(
        host_id=instance.host_id,
        address=instance.management_address,
        port=instance.management_port,
        username=instance.management_username,
    )

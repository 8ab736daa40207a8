"""Requests to hosts and their answers: the messages of `datastores.protocol` over SSH."""

from typing import Any

from datastores import bundle
from datastores.catalog import catalog
from datastores.protocol import codec, requests
from datastores.protocol.codec import Message, ProtocolError
from datastores.protocol.message import Answer, Done, Work
from datastores.protocol.requests import (
    Call,
    CancelJob,
    Change,
    Failure,
    JobReport,
    JobState,
    PollJob,
    Reply,
    Request,
    StartJob,
)
from datastores.protocol.turns import Turn
from functions.base.clock import now
from functions.base.errors import (
    EngineRefused,
    NotRunning,
    NotSupported,
    SettingsRefused,
    StepFailed,
    StepRefused,
    TroveError,
)
from functions.base.settings import get_settings
from functions.framework.step import StepContext, StepResult
from functions.hostlink import ssh
from functions.hostlink.ssh_ca import authority
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.operations.context import TaskContext

ERRORS: dict[str, type[TroveError]] = {
    "not_running": NotRunning,
    "unsupported": NotSupported,
    "engine_error": EngineRefused,
    "program_failed": EngineRefused,
    "disk_full": EngineRefused,
    "parent_unusable": EngineRefused,
    "settings_refused": SettingsRefused,
}
"""The class of error by the type that a host reports; any other type is StepFailed."""


def call(host: Host, version_id: str, context: StepContext, asked: Work[Answer], turn: Turn | None = None) -> Answer:
    """Call the engine on a host and return its answer: to a read or, with a turn, to a quick change.

    Raises:
        NotRunning, NotSupported, StepFailed: the host refused or failed; the message is the host's.
        HostUnreachable, CommandTimedOut: the host gave no answer.
        StepRefused: the host has no address yet.
    """
    version = catalog().version_by_id(version_id)
    fence, lock = (turn.number, turn.lock) if turn else (None, None)
    request = Call(version.datastore, version.name, asked.action(), codec.encode(asked), fence, lock)
    return _send(host, version.datastore, context, request, asked.answer())


def ask(instance: Instance, context: StepContext, asked: Work[Answer]) -> Answer:
    """Call the engine that serves an instance for a read, and return its answer. Raises the errors of `call`."""
    if instance.host is None:
        raise StepRefused(f"instance {instance.id} has no host yet")
    return call(instance.host, instance.datastore_version_id, context, asked)


def call_for(context: TaskContext, asked: Work[Answer]) -> Answer:
    """Call the engine for an operation's quick change, and return its answer. Raises the errors of `call`."""
    return call(context.host, context.spec.datastore_version_id, context, asked, context.turn)


def change(context: TaskContext, asked: Work[Done]) -> StepResult:
    """Have the host make a change for an operation; the result is `done` when it is made. Raises as `changed`."""
    return StepResult(done=changed(context, asked) is not None)


def changed(context: TaskContext, asked: Work[Answer]) -> Answer | None:
    """Have the host make a change for a task, once however often this is called; its answer, None: not yet made.

    A host refuses an operation older than the newest it has seen. Raises the errors of `call`.
    """
    job = _job(context, f"{context.operation.id}-{context.task}", asked, get_settings().host_change_seconds)
    report = _ask_for_job(context, Change(**vars(job)))
    if report.state == JobState.SUCCEEDED:
        return codec.decode(asked.answer(), report.result)
    if report.error and report.state != JobState.DEAD:
        raise _error_of(report.error)
    return None


def start_job(context: TaskContext, job_id: str, asked: Work[Any], least_seconds: int) -> JobReport:
    """Start a job for an operation, once however often this is called, and return its report like `poll_job`.

    The job is ended at the operation's deadline, but not before `least_seconds` have passed.

    Raises the errors of `call`.
    """
    return _ask_for_job(context, _job(context, job_id, asked, least_seconds))


def poll_job(context: TaskContext, job_id: str) -> JobReport:
    """Wait up to `long_poll_seconds` for a job to end and return its report. Raises the errors of `call`."""
    return _ask_for_job(context, PollJob(job_id, get_settings().long_poll_seconds))


def cancel_job(context: TaskContext, job_id: str) -> None:
    """Kill a job, or prevent its start if it has not started. Raises the errors of `call`."""
    _ask_for_job(context, CancelJob(job_id, context.turn.number, context.turn.lock))


def error_kind(failure: Failure) -> type[TroveError]:
    """Return the class of error for a failure that a host reported."""
    return ERRORS.get(failure.type, StepFailed)


def _job(context: TaskContext, job_id: str, asked: Work[Any], least_seconds: int) -> StartJob:
    version = catalog().version_by_id(context.spec.datastore_version_id)
    seconds = max(least_seconds, int((context.operation.deadline - now()).total_seconds()))
    return StartJob(
        job_id,
        context.turn.number,
        context.turn.lock,
        version.datastore,
        version.name,
        asked.action(),
        codec.encode(asked),
        seconds,
        get_settings().long_poll_seconds,
    )


def _ask_for_job(context: TaskContext, request: Request) -> JobReport:
    datastore = catalog().version_by_id(context.spec.datastore_version_id).datastore
    return _send(context.host, datastore, context, request, JobReport)


def _send(host: Host, datastore: str, context: StepContext, request: Request, answer: type[Message]) -> Message:
    """Send one request and return the host's answer; the SSH certificate names the token's subject."""
    completed = ssh.run(
        _address(host),
        authority().issue_user(host.id, context.subject),
        bundle.argv(datastore),
        bundle.request_bytes(datastore, requests.write(request)),
        context.seconds_left,
    )
    if not completed.stdout:
        raise ssh.HostUnreachable(f"the host gave no answer (exit {completed.exit_status})")
    try:
        reply = codec.load(Reply, completed.stdout)
        if reply.error is not None:
            raise _error_of(reply.error)
        return codec.decode(answer, reply.result)
    except ProtocolError as error:
        raise StepFailed(f"the host's answer cannot be read: {error}") from error


def _error_of(failure: Failure) -> TroveError:
    """Return the error for a failure that a host reported, with the host's message."""
    kind = ssh.HostUnreachable if failure.retryable else error_kind(failure)
    return kind(failure.message, {"type": failure.type})


def _address(host: Host) -> ssh.HostAddress:
    if not (host.management_address and host.management_port and host.management_username):
        raise StepRefused(f"instance {host.instance_id} has no host yet")
    return ssh.HostAddress(
        host_id=host.id,
        address=host.management_address,
        port=host.management_port,
        username=host.management_username,
    )

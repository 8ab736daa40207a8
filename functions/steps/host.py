"""The host of an instance: its SSH identity, and how it is asked."""

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
from functions.cloud import ssh
from functions.cloud.ssh_ca import authority
from functions.operations import turn_of
from functions.runtime.clock import now
from functions.runtime.errors import (
    EngineRefused,
    NotRunning,
    NotSupported,
    SettingsRefused,
    StepFailed,
    StepRefused,
    TroveError,
)
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.runtime.waiting import LONG_POLL_SECONDS
from functions.state import operations
from functions.state.models import Instance
from functions.state.subject import Subject, subject

LEAST_SECONDS = 30
"""Seconds that a change has on the host at least, however near its operation's deadline is."""
HOST_CERTIFICATE_DAYS = 3650
"""A host's certificate lasts as long as the host may: it names the host and opens nothing."""

ERRORS: dict[str, type[TroveError]] = {
    "not_running": NotRunning,
    "unsupported": NotSupported,
    "engine_error": EngineRefused,
    "program_failed": EngineRefused,
    "disk_full": EngineRefused,
    "parent_unusable": EngineRefused,
    "settings_refused": SettingsRefused,
}
"""What errors of a host are here; any other is StepFailed."""


@step("host.certify")
def certify(_request: Nothing, context: StepContext) -> StepResult:
    """Make and certify the host's key; it waits sealed in the operation for the stack that carries it to the host."""
    if "host_key" not in operations.secrets(context.operation_id):
        key = authority().issue_host(subject(context.operation_id).instance.host_id, HOST_CERTIFICATE_DAYS)
        operations.add_secrets(
            context.operation_id,
            {
                "host_key": {
                    "private_key": key.private_key.get_secret_value(),
                    "certificate": key.certificate,
                    "ssh_user_ca": authority().user_ca_public,
                }
            },
        )
    return StepResult()


def call(instance: Instance, context: StepContext, asked: Work[Answer], turn: Turn | None = None) -> Answer:
    """The answer to a synchronous call of the engine: a read or, with the operation's turn, a quick change.

    Raises:
        NotRunning, NotSupported, StepFailed: the host's answer, in its words.
        HostUnreachable, CommandTimedOut: it gave none.
        StepRefused: the instance has no host yet.
    """
    version = catalog().version_by_id(instance.datastore_version_id)
    fence, lock = (turn.number, turn.lock) if turn else (None, None)
    request = Call(version.datastore, version.name, asked.action(), codec.encode(asked), fence, lock)
    return _send(instance, context, request, asked.answer())


def change(about: Subject, context: StepContext, asked: Work[Done]) -> StepResult:
    """Make a change for an operation; a host refuses one that a newer operation has overtaken.

    The host makes it once, however long it takes: the result is not `done` while it is at work, and the step is
    called again.

    Raises: as `call`.
    """
    job = _job(about, f"{about.operation.id}-{asked.action()}", asked, LEAST_SECONDS)
    report = _send(about.instance, context, Change(**vars(job)), JobReport)
    if report.state == JobState.SUCCEEDED:
        return StepResult()
    if report.error and report.state != JobState.DEAD:
        raise _error_of(report.error)
    return StepResult(done=False)


def start_job(about: Subject, context: StepContext, job_id: str, asked: Work[Any], least_seconds: int) -> JobReport:
    """Start a job for an operation, once however often it is called, and report on it as `poll_job` does.

    It has until the operation's deadline, and so many seconds at least.

    Raises: as `call`.
    """
    return _send(about.instance, context, _job(about, job_id, asked, least_seconds), JobReport)


def poll_job(about: Subject, context: StepContext, job_id: str) -> JobReport:
    """How a job fares; waits some seconds for its end. Raises: as `call`."""
    return _send(about.instance, context, PollJob(job_id, LONG_POLL_SECONDS), JobReport)


def cancel_job(about: Subject, context: StepContext, job_id: str) -> None:
    """End a job, and keep one that was never started from starting. Raises: as `call`."""
    turn = turn_of(about.operation)
    _send(about.instance, context, CancelJob(job_id, turn.number, turn.lock), JobReport)


def error_kind(failure: Failure) -> type[TroveError]:
    """What an error of a host is here."""
    return ERRORS.get(failure.type, StepFailed)


def _job(about: Subject, job_id: str, asked: Work[Any], least_seconds: int) -> StartJob:
    version = catalog().version_by_id(about.instance.datastore_version_id)
    turn = turn_of(about.operation)
    seconds = max(least_seconds, int((about.operation.deadline - now()).total_seconds()))
    work, wait = codec.encode(asked), LONG_POLL_SECONDS
    return StartJob(
        job_id, turn.number, turn.lock, version.datastore, version.name, asked.action(), work, seconds, wait
    )


def _send(instance: Instance, context: StepContext, request: Request, answer: type[Message]) -> Message:
    """The host's answer to one request; the certificate names what the token is for. Raises: as `call`."""
    datastore = catalog().version_by_id(instance.datastore_version_id).datastore
    completed = ssh.run(
        _address(instance),
        authority().issue_user(instance.host_id, context.subject),
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
    """A host's error as one of ours, in its words."""
    kind = ssh.HostUnreachable if failure.retryable else error_kind(failure)
    return kind(failure.message, {"type": failure.type})


def _address(instance: Instance) -> ssh.HostAddress:
    if not (instance.management_address and instance.management_port and instance.management_username):
        raise StepRefused(f"instance {instance.id} has no host yet")
    return ssh.HostAddress(
        host_id=instance.host_id,
        address=instance.management_address,
        port=instance.management_port,
        username=instance.management_username,
    )

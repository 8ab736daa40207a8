"""Reads that need the host: one synchronous step over HTTP, with a token for one instance and half a minute."""

from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from functions.entrypoint.errors import FAULTS
from functions.runtime import token
from functions.runtime.clock import now
from functions.runtime.envelope import Envelope, StepError
from functions.runtime.errors import Busy, TroveError, Unavailable
from functions.runtime.logs import get_logger
from functions.runtime.settings import get_settings
from functions.runtime.step import READ_SECONDS
from functions.state.acceptance import not_available
from functions.state.models import Instance, InstanceStatus

Result = TypeVar("Result", bound=BaseModel)

TOKEN_LIFETIME = timedelta(seconds=30)
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = READ_SECONDS + 2.0
"""How long an answer is waited for: the step itself gives up before."""
WITHOUT_DATABASE = frozenset({InstanceStatus.BUILD, InstanceStatus.SHUTDOWN})

_FAULTS: dict[str, type[TroveError]] = {kind.__name__: kind for kind in FAULTS}


class HostSilent(Unavailable):
    """The host of an instance cannot be asked now."""


def read(instance: Instance, step: str, result: type[Result], **arguments: Any) -> Result:  # noqa: ANN401 - the step's
    """Call a step of audience "read" about an instance and give its result.

    Raises:
        Busy: the instance has no database yet, or none any more.
        HostSilent: the host, or the function that asks it, does not answer; the reason is in the log.
        TroveError: what the step raised, if there is a status for it (`functions.entrypoint.errors`).
    """
    if instance.management_address is None or instance.status in WITHOUT_DATABASE:
        raise _not_ready(instance)
    envelope = ask(instance.id, step, arguments)
    if envelope.error is not None:
        raise _error(f"The host of instance {instance.id}", step, envelope.error)
    return result.model_validate(envelope.result)


def ask(subject: str, step: str, arguments: dict[str, Any]) -> Envelope:
    """The answer of a step of audience "read" about an instance, backup or project. Raises HostSilent."""
    import requests

    url = f"{get_settings().function_urls[step.partition('.')[0]]}/{step}"
    authorization = f"Bearer {token.issue(subject, 'read', now() + TOKEN_LIFETIME)}"
    try:
        reply = requests.post(
            url, json=arguments, headers={"Authorization": authorization}, timeout=(CONNECT_SECONDS, ANSWER_SECONDS)
        )
        reply.raise_for_status()
        return Envelope.model_validate_json(reply.content)
    except (requests.RequestException, ValueError) as error:
        get_logger().warning("read failed", step=step, subject=subject, error=type(error).__name__)
        raise HostSilent(f"{step} of {subject} cannot be asked for now: try again.") from error


def read_project(project_id: str, step: str, result: type[Result], **arguments: Any) -> Result:  # noqa: ANN401
    """The same for a step of audience "read" about a project. Raises HostSilent, TroveError."""
    envelope = ask(project_id, step, arguments)
    if envelope.error is not None:
        raise _error(step, step, envelope.error)
    return result.model_validate(envelope.result)


def _error(silent: str, step: str, error: StepError) -> TroveError:
    """What the step's error is to the caller: reasons that name hosts and addresses stay in the log."""
    kind = _FAULTS.get(error.type)
    if kind is not None and not error.retryable:
        return kind(error.message)
    get_logger().warning("read failed", step=step, silent=silent, error=error.type, reason=error.message)
    return HostSilent(f"{silent} does not answer now: try again.")


def _not_ready(instance: Instance) -> Busy:
    return not_available("Instance", instance.id, instance.status)

"""Reads from an instance's host: call one step over HTTP and wait for its result.

The step's token names one instance, backup or project and expires after `TOKEN_LIFETIME`.
"""

from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel

from functions.base.clock import now
from functions.base.errors import Busy, TroveError, Unavailable
from functions.base.logs import get_logger
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus
from functions.entrypoint.errors import FAULTS
from functions.framework import token
from functions.framework.envelope import Envelope, StepError
from functions.framework.step import READ_SECONDS
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import not_available

Result = TypeVar("Result", bound=BaseModel)

TOKEN_LIFETIME = timedelta(seconds=30)
CONNECT_SECONDS = 2.0
"""Seconds to wait for a connection to the function."""
RESPONSE_SECONDS = READ_SECONDS + 2.0
"""Seconds to wait for the function's response: longer than the step's own deadline."""
WITHOUT_DATABASE = frozenset({InstanceStatus.BUILD, InstanceStatus.SHUTDOWN})
"""Statuses in which an instance's database does not exist yet, or does not run."""

_FAULTS: dict[str, type[TroveError]] = {kind.__name__: kind for kind in FAULTS}


class HostSilent(Unavailable):
    """The host of an instance, or the function that connects to it, does not answer now."""


def read(instance: Instance, step: str, result: type[Result], **arguments: Any) -> Result:  # noqa: ANN401 - the step's
    """Call a step of audience "read" for an instance; return its result.

    Raises:
        Busy: the instance has no database now.
        HostSilent: the host, or the function that connects to it, does not answer; the log has the reason.
        TroveError: the step's own error, if `functions.entrypoint.errors` has a status for it.
    """
    if instance.host is None or instance.status in WITHOUT_DATABASE:
        raise _not_ready(instance)
    envelope = call_read_step(instance.id, step, arguments)
    if envelope.error is not None:
        raise _error(f"The host of instance {instance.id}", step, envelope.error)
    return result.model_validate(envelope.result)


def call_read_step(subject: str, step: str, arguments: dict[str, object]) -> Envelope:
    """Call a step of audience "read" for an instance, backup or project by its id. Raises HostSilent."""
    import requests

    url = f"{get_settings().function_urls[step.partition('.')[0]]}/{step}"
    authorization = f"Bearer {token.issue(subject, 'read', now() + TOKEN_LIFETIME)}"
    try:
        response = requests.post(
            url,
            json={"input": arguments},
            headers={"Authorization": authorization},
            timeout=(CONNECT_SECONDS, RESPONSE_SECONDS),
        )
        response.raise_for_status()
        return Envelope.model_validate_json(response.content)
    except (requests.RequestException, ValueError) as error:
        get_logger().warning("read failed", step=step, subject=subject, error=type(error).__name__)
        raise HostSilent(f"{step} of {subject} cannot be asked for now: try again.") from error


def read_project(project_id: str, step: str, result: type[Result], **arguments: Any) -> Result:  # noqa: ANN401
    """Call a step of audience "read" for a project; return its result. Raises HostSilent, TroveError."""
    envelope = call_read_step(project_id, step, arguments)
    if envelope.error is not None:
        raise _error(step, step, envelope.error)
    return result.model_validate(envelope.result)


def _error(silent: str, step: str, error: StepError) -> TroveError:
    """Return the step's error, or HostSilent in its place if it may name hosts and addresses: those go to the log."""
    kind = _FAULTS.get(error.type)
    if kind is not None and not error.retryable:
        return kind(error.message)
    get_logger().warning("read failed", step=step, silent=silent, error=error.type, reason=error.message)
    return HostSilent(f"{silent} does not answer now: try again.")


def _not_ready(instance: Instance) -> Busy:
    return not_available("Instance", instance.id, instance.status)

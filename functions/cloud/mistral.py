"""Mistral: start the workflow of an operation, read the state of an execution, cancel it."""

import json
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions.base.errors import StepFailed, Unavailable
from functions.base.settings import get_settings
from functions.cloud.session import service_session
from functions.framework import token

if TYPE_CHECKING:
    from collections.abc import Callable

    from keystoneauth1.adapter import Adapter

NOT_FOUND = 404
SERVER_ERROR = 500
Reply = dict[str, Any]
"""A JSON object of Mistral's."""
BUSY = frozenset({408, 429})
"""HTTP statuses with which Mistral, or a proxy before it, asks for a retry."""


class MistralUnavailable(Unavailable):
    """Mistral does not answer."""


class MistralRefused(StepFailed):
    """Mistral refused the request."""


class ExecutionState(StrEnum):
    """The states of an execution; ABSENT: Mistral has no execution of that id."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"
    IDLE = "IDLE"
    ABSENT = "ABSENT"


ALIVE = frozenset({ExecutionState.RUNNING, ExecutionState.PAUSED, ExecutionState.IDLE})
"""The states of an execution that has not ended."""


def start(execution_id: str, workflow: str, operation_id: str, expires: datetime) -> None:
    """Start a workflow for an operation under the given execution id; a second call with that id does nothing.

    The execution's environment holds the functions' URLs and the operation's token, which is valid until `expires`.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    operation_token = token.issue(operation_id, "operation", expires)
    environment = {"functions": get_settings().function_urls, "token": operation_token}
    about = {"id": execution_id, "workflow_name": workflow, "description": operation_id}
    send("POST", "/executions", json=about | {"input": "{}", "params": json.dumps({"env": environment})})


def alive() -> dict[str, str]:
    """Return the operation's id of each execution that has not ended, by the execution's id.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    states = ",".join(sorted(ALIVE))
    reply = send("GET", f"/executions?state=in:{states}&fields=id,description") or {"executions": []}
    return {entry["id"]: entry["description"] for entry in reply["executions"] if entry["description"]}


def state(execution_id: str) -> ExecutionState:
    """Return the state of an execution. Raises MistralUnavailable, MistralRefused."""
    reply = send("GET", f"/executions/{execution_id}", allow_absent=True)
    return ExecutionState(reply["state"]) if reply else ExecutionState.ABSENT


def cancel(execution_id: str) -> None:
    """Cancel an execution, unless it has ended or is absent. Raises MistralUnavailable, MistralRefused."""
    if state(execution_id) in ALIVE:
        send("PUT", f"/executions/{execution_id}", json={"state": "CANCELLED"}, allow_absent=True)


@lru_cache(maxsize=1)
def _adapter() -> "Adapter":
    from keystoneauth1.adapter import Adapter

    region = get_settings().os_region_name
    return Adapter(service_session(), service_type="workflowv2", interface="public", region_name=region)


def send(method: str, path: str, *, allow_absent: bool = False, **arguments: Any) -> Reply | None:  # noqa: ANN401
    """Send one request to Mistral and return its body; with `allow_absent` return None for 404.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    from keystoneauth1.exceptions import ClientException

    request: Callable[..., Any] = _adapter().request
    seconds = get_settings().mistral_request_seconds
    try:
        response = request(path, method, raise_exc=False, timeout=seconds, **arguments)
    except ClientException as error:
        raise MistralUnavailable(f"Mistral does not answer: {type(error).__name__}") from error
    if response.status_code == NOT_FOUND and allow_absent:
        return None
    if response.status_code >= SERVER_ERROR or response.status_code in BUSY:
        raise MistralUnavailable(f"Mistral answers {response.status_code}")
    if not response.ok:
        raise MistralRefused(f"Mistral refuses {method} {path}: {response.status_code}")
    body: Reply = response.json() if response.content else {}
    return body

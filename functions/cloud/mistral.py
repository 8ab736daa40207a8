"""Mistral: start the workflow of an operation, and ask how an execution fares."""

import json
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions.cloud.session import service_session
from functions.runtime import token
from functions.runtime.errors import StepFailed, Unavailable
from functions.runtime.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from keystoneauth1.adapter import Adapter

TIMEOUT_SECONDS = 10.0
NOT_FOUND = 404
SERVER_ERROR = 500
BUSY = frozenset({408, 429})
"""HTTP statuses of a service, or of a proxy before it, that asks to come again."""


class MistralUnavailable(Unavailable):
    """Mistral does not answer."""


class MistralRefused(StepFailed):
    """Mistral answers, and the answer is no."""


class ExecutionState(StrEnum):
    """The states of an execution; ABSENT: Mistral knows none of that id."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"
    IDLE = "IDLE"
    ABSENT = "ABSENT"


ALIVE = frozenset({ExecutionState.RUNNING, ExecutionState.PAUSED, ExecutionState.IDLE})


def start(execution_id: str, workflow: str, operation_id: str, expires: datetime) -> None:
    """Start a workflow for an operation under an id of ours; started twice, it runs once.

    The execution's environment holds where the functions are and the operation's token, good until `expires`.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    operation_token = token.issue(operation_id, "operation", expires)
    environment = {"functions": get_settings().function_urls, "token": operation_token}
    about = {"id": execution_id, "workflow_name": workflow, "description": operation_id}
    send("POST", "/executions", json=about | {"input": "{}", "params": json.dumps({"env": environment})})


def alive() -> dict[str, str]:
    """The operations' executions that are not over, each with its operation's id.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    states = ",".join(sorted(ALIVE))
    reply = send("GET", f"/executions?state=in:{states}&fields=id,description") or {"executions": []}
    return {entry["id"]: entry["description"] for entry in reply["executions"] if entry["description"]}


def state(execution_id: str) -> ExecutionState:
    """How an execution fares. Raises MistralUnavailable, MistralRefused."""
    reply = send("GET", f"/executions/{execution_id}", allow_absent=True)
    return ExecutionState(reply["state"]) if reply else ExecutionState.ABSENT


def cancel(execution_id: str) -> None:
    """Cancel an execution; one that is over or absent stays so. Raises MistralUnavailable, MistralRefused."""
    if state(execution_id) in ALIVE:
        send("PUT", f"/executions/{execution_id}", json={"state": "CANCELLED"}, allow_absent=True)


@lru_cache(maxsize=1)
def _adapter() -> "Adapter":
    from keystoneauth1.adapter import Adapter

    region = get_settings().os_region_name
    return Adapter(service_session(), service_type="workflowv2", interface="public", region_name=region)


def send(method: str, path: str, *, allow_absent: bool = False, **arguments: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """One request to Mistral; None when what it names is absent and may be.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    from keystoneauth1.exceptions import ClientException

    request: Callable[..., Any] = _adapter().request
    try:
        response = request(path, method, raise_exc=False, timeout=TIMEOUT_SECONDS, **arguments)
    except ClientException as error:
        raise MistralUnavailable(f"Mistral does not answer: {type(error).__name__}") from error
    if response.status_code == NOT_FOUND and allow_absent:
        return None
    if response.status_code >= SERVER_ERROR or response.status_code in BUSY:
        raise MistralUnavailable(f"Mistral answers {response.status_code}")
    if not response.ok:
        raise MistralRefused(f"Mistral refuses {method} {path}: {response.status_code}")
    body: dict[str, Any] = response.json() if response.content else {}
    return body

"""Heat: bring a stack to what a template says, ask how it fares, take it away.

Every call returns at once; Heat works on its own and `status` tells how far it is.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from functions.cloud.session import service_session
from functions.runtime.errors import StepFailed, Unavailable
from functions.runtime.settings import get_settings

INPUT_TAG = "trove-input-"
"""Tag of a stack that holds the digest of what it was made from (Heat hides secret parameters, so they cannot be
compared)."""
DIGEST_LENGTH = 40
SERVER_ERROR = 500
BUSY = frozenset({404, 409, 429})
"""HTTP statuses of a stack in change, by another call or by its own deletion, and of a busy Heat."""
STATES: Mapping[str, Literal["in_progress", "complete", "failed"]] = {
    "IN_PROGRESS": "in_progress",
    "COMPLETE": "complete",
    "FAILED": "failed",
}


GONE = "DELETE_COMPLETE"
"""Heat shows a deleted stack so for a moment, before it does not know it any more."""


class HeatUnavailable(Unavailable):
    """Heat does not answer, or is busy with the stack."""


class StackFailed(StepFailed):
    """Heat refuses the stack; the message is Heat's reason."""


class StackStatus(BaseModel):
    """How a stack fares."""

    model_config = ConfigDict(frozen=True)

    state: Literal["in_progress", "complete", "failed", "absent"]
    action: str = ""
    """What Heat did last: CREATE, UPDATE, DELETE, ..."""
    reason: str = ""
    outputs: dict[str, Any] = {}
    """The outputs by name; only of a complete stack."""
    parameters: dict[str, str] = {}
    """What it was last asked to be, as text; only of a complete stack."""


class _Files(NamedTuple):
    template: dict[str, Any]
    environment: dict[str, Any]
    files: dict[str, str]


def apply(
    stack_name: str, template: Path, environment: Path, parameters: Mapping[str, object], tags: Sequence[str] = ()
) -> bool:
    """Create the stack, or update it when it was made from something else; called again, nothing more happens.

    The environment maps the substrate's types. A stack that failed on this very input is left as it is: `status`
    tells. Parameters that are left out in an update keep their values. False: Heat still works on another input, so
    nothing was done.

    Raises:
        HeatUnavailable: retryable.
        StackFailed: Heat refuses the template or the parameters.
    """
    made_from = _read(template, environment)
    digest = INPUT_TAG + _digest(made_from, parameters)
    request = {**made_from._asdict(), "parameters": dict(parameters), "tags": ",".join([*tags, digest])}
    stack = _find(stack_name)
    if stack is None:
        _create(stack_name, request)
        return True
    if digest in (stack.tags or ()):
        return True
    if stack.status == "IN_PROGRESS":
        return False
    with _errors(stack_name):
        _stacks().update(stack.identifier, existing=True, **request)
    return True


def status(stack_name: str) -> StackStatus:
    """How the stack fares; `absent` when there is none. Raises HeatUnavailable, StackFailed (Heat refuses to say)."""
    stack = _find(stack_name)
    if stack is None:
        return StackStatus(state="absent")
    state = STATES[stack.status]
    outputs: dict[str, Any] = {}
    parameters: dict[str, str] = {}
    if state == "complete":
        with _errors(stack_name):
            found = _stacks().get(stack.identifier)
        outputs = {output["output_key"]: output["output_value"] for output in found.outputs}
        parameters = found.parameters
    return StackStatus(
        state=state,
        action=stack.action,
        reason=stack.stack_status_reason or "",
        outputs=outputs,
        parameters=parameters,
    )


def names() -> list[str]:
    """The names of all stacks of the service project. Raises HeatUnavailable, StackFailed (Heat refuses to say)."""
    with _errors("list"):
        return [stack.stack_name for stack in _stacks().list() if stack.stack_status != GONE]


def delete(stack_name: str) -> None:
    """Delete the stack; one that is absent or being deleted stays so. Raises HeatUnavailable, StackFailed."""
    stack = _find(stack_name)
    if stack is None or stack.stack_status == "DELETE_IN_PROGRESS":
        return
    with _errors(stack_name), _absent_is_fine():
        _stacks().delete(stack.identifier)


@lru_cache(maxsize=1)
def _stacks() -> Any:  # noqa: ANN401 - heatclient is untyped
    from heatclient.v1.client import Client

    region = get_settings().os_region_name
    return Client(session=service_session(), region_name=region, interface="public").stacks


def _create(stack_name: str, request: dict[str, Any]) -> None:
    """Create; when another call was faster, that one counts."""
    from heatclient.exc import HTTPConflict

    with _errors(stack_name), suppress(HTTPConflict):
        _stacks().create(stack_name=stack_name, disable_rollback=True, **request)


def _find(stack_name: str) -> Any:  # noqa: ANN401 - heatclient is untyped
    """The stack without its outputs, or None."""
    with _errors(stack_name), _absent_is_fine():
        stack = _stacks().get(stack_name, resolve_outputs=False)
        return None if stack.stack_status == GONE else stack
    return None


def _absent_is_fine() -> AbstractContextManager[None]:
    from heatclient.exc import HTTPNotFound

    return suppress(HTTPNotFound)


@contextmanager
def _errors(stack_name: str) -> Iterator[None]:
    """Turn the client's errors into ours."""
    from heatclient import exc
    from keystoneauth1.exceptions import ClientException

    try:
        yield
    except ClientException as error:
        raise HeatUnavailable(f"Heat does not answer: {type(error).__name__}") from error
    except exc.HTTPException as error:
        if error.code in BUSY or error.code >= SERVER_ERROR:
            raise HeatUnavailable(f"Heat cannot work on stack {stack_name} now (HTTP {error.code})") from error
        raise StackFailed(f"Heat refuses stack {stack_name}: {error}") from error


def _read(template_file: Path, environment_file: Path) -> _Files:
    """The template and the environment, with every file they name."""
    from heatclient.common import template_utils

    template_files, template = template_utils.get_template_contents(str(template_file))
    environment_files, environment = template_utils.process_environment_and_files(str(environment_file))
    return _Files(template, environment, {**template_files, **environment_files})


def _digest(made_from: _Files, parameters: Mapping[str, object]) -> str:
    """Names an input: SHA-256 over its canonical JSON."""
    text = json.dumps([made_from, dict(parameters)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]

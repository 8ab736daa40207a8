"""Heat: create, update and delete stacks, and read their status.

Every call returns before Heat has made the change; `status` says whether it has.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from functions.base.errors import StepFailed, Unavailable
from functions.base.settings import get_settings
from functions.cloud.session import service_session

INPUT_TAG = "trove-input-"
"""Prefix of the tag that holds the digest of a stack's input, since Heat hides secret parameters."""
DIGEST_LENGTH = 40
"""Hexadecimal digits of the digest in the tag."""
SERVER_ERROR = 500
BUSY = frozenset({404, 409, 429})
"""HTTP statuses with which Heat answers while the stack is being changed or deleted, or Heat is busy: retry."""
STATES: Mapping[str, Literal["in_progress", "complete", "failed"]] = {
    "IN_PROGRESS": "in_progress",
    "COMPLETE": "complete",
    "FAILED": "failed",
}
"""The state of a stack by the last word of Heat's status."""


GONE = "DELETE_COMPLETE"
"""The status of a deleted stack for a moment, before Heat answers 404."""


class HeatUnavailable(Unavailable):
    """Heat does not answer, or is busy with the stack."""


class StackFailed(StepFailed):
    """Heat refuses the stack; the message is Heat's reason."""


class StackStatus(BaseModel):
    """The status of a stack."""

    model_config = ConfigDict(frozen=True)

    state: Literal["in_progress", "complete", "failed", "absent"]
    action: str = ""
    """Heat's last action on the stack: CREATE, UPDATE, DELETE, ..."""
    reason: str = ""
    outputs: dict[str, object] = {}
    """The outputs by name; only of a complete stack."""
    parameters: dict[str, str] = {}
    """The stack's parameters, as text; only of a complete stack."""


class _Files(NamedTuple):
    template: dict[str, object]
    environment: dict[str, object]
    files: dict[str, str]


def apply(
    stack_name: str, template: Path, environment: Path, parameters: Mapping[str, object], tags: Sequence[str] = ()
) -> bool:
    """Create the stack, or update it if its input has changed. Do nothing if the stack has this input already.

    The environment maps the substrate's types. A stack that failed with this input is not retried: `status` says so.
    Parameters that are left out of an update keep their values. Return False if Heat is still working on another
    input; nothing was done then.

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
    """Return the status of the stack; its state is `absent` if there is none. Raises HeatUnavailable, StackFailed."""
    stack = _find(stack_name)
    if stack is None:
        return StackStatus(state="absent")
    state = STATES[stack.status]
    outputs: dict[str, object] = {}
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
    """Return the names of all stacks of the service project. Raises HeatUnavailable, StackFailed."""
    with _errors("list"):
        return [stack.stack_name for stack in _stacks().list() if stack.stack_status != GONE]


def delete(stack_name: str) -> None:
    """Delete the stack, unless it is absent or being deleted. Raises HeatUnavailable, StackFailed."""
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


def _create(stack_name: str, request: dict[str, object]) -> None:
    """Create the stack, unless another call has created it meanwhile."""
    from heatclient.exc import HTTPConflict

    with _errors(stack_name), suppress(HTTPConflict):
        _stacks().create(stack_name=stack_name, disable_rollback=True, **request)


def _find(stack_name: str) -> Any:  # noqa: ANN401 - heatclient is untyped
    """Return the stack without its outputs, or None if there is none."""
    with _errors(stack_name), _absent_is_fine():
        stack = _stacks().get(stack_name, resolve_outputs=False)
        return None if stack.stack_status == GONE else stack
    return None


def _absent_is_fine() -> AbstractContextManager[None]:
    from heatclient.exc import HTTPNotFound

    return suppress(HTTPNotFound)


@contextmanager
def _errors(stack_name: str) -> Iterator[None]:
    """Raise HeatUnavailable or StackFailed for the errors of heatclient and keystoneauth."""
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
    """Return the template and the environment, with every file that they name."""
    from heatclient.common import template_utils

    template_files, template = template_utils.get_template_contents(str(template_file))
    environment_files, environment = template_utils.process_environment_and_files(str(environment_file))
    return _Files(template, environment, {**template_files, **environment_files})


def _digest(made_from: _Files, parameters: Mapping[str, object]) -> str:
    """Return the digest of an input: SHA-256 over its canonical JSON."""
    text = json.dumps([made_from, dict(parameters)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]

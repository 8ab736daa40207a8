"""The configuration group of an instance: attach, detach, and show the instance's settings without a group.

A request that attaches or detaches waits up to `WAIT_SECONDS` for its operation to end, since clients attach the next
group at once. If the operation is still active then, the response is that of a success.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from functions.base.errors import BadRequest, Busy, BusyForAMoment, InvalidValue
from functions.entrypoint.api_request import AnyRequest, ResponseBody
from functions.entrypoint.ids import require_id
from functions.entrypoint.resources.instance_owner import instance_id_of, owner_of
from functions.entrypoint.resources.parameters import require_groups
from functions.entrypoint.version_catalog import entry_of
from functions.entrypoint.waiting import FAILURE_STATES, failure_reason, wait_for_end
from functions.operations import instance_configure
from functions.operations.parts.launch import launch
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

WAIT_SECONDS = 20.0
"""Seconds that a request waits for its operation at most."""


def attach(instance: Instance, reference: str, caller: Caller) -> None:
    """Attach a group, by its id or a URL that ends in it.

    Raises:
        NotFound: no such group.
        BadRequest: the instance has a group already or is busy, or the group is of another datastore version.
        NotSupported: the datastore has no configuration groups.
        InvalidValue: the database refuses a value; the instance keeps its old settings.
    """
    require_groups(entry_of(instance.datastore_version_id))
    with _busy_is_bad_request():
        operation = instance_configure.accept_attach(instance.id, configuration_id(reference), caller)
    _launch_and_wait(operation, "attached to")


def detach(instance: Instance, caller: Caller) -> None:
    """Detach the instance's group; do nothing if it has none.

    Raises:
        BadRequest: the instance is busy.
        InvalidValue: the database refuses its default settings; the instance keeps the group.
    """
    with _busy_is_bad_request():
        operation = instance_configure.accept_detach(instance.id, caller)
    if operation is not None:
        _launch_and_wait(operation, "detached from")


def show_default(request: AnyRequest) -> ResponseBody:
    """Show the settings that follow from the instance's flavor, as text. Raises NotFound."""
    instance = instances.get(owner_of(request), instance_id_of(request))
    settings = entry_of(instance.datastore_version_id).version.settings_for(instance.memory_mb, instance.cpus)
    return {"instance": {"configuration": {name: _text(value) for name, value in settings.items()}}}


def configuration_id(reference: str) -> str:
    """Return the id in a reference to a group: an id, or a URL that ends in one. Raises NotFound."""
    return require_id("Configuration group", reference.rstrip("/").rpartition("/")[2])


@contextmanager
def _busy_is_bad_request() -> Iterator[None]:
    """Raise BadRequest in place of Busy, as Trove does here; pass BusyForAMoment on, so that the request is retried."""
    try:
        yield
    except BusyForAMoment:
        raise
    except Busy as error:
        raise BadRequest(error.message) from None


def _launch_and_wait(operation: Operation, done: str) -> None:
    launch(operation)
    latest = wait_for_end(operation, WAIT_SECONDS)
    if latest.state in FAILURE_STATES:
        reason = failure_reason(latest)
        raise InvalidValue(f"The configuration group was not {done} instance {operation.instance_id}: {reason}")


def _text(value: bool | int | float | str) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)

"""The configuration group of an instance: attach, detach, and the settings it has without one.

Attaching and detaching wait for their operation's end, for clients attach the next group with the request after. An
operation that takes longer than a request can wait goes on, and the reply is that of a success.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from functions.entrypoint.call import AnyCall, Reply
from functions.entrypoint.catalog import offer_of
from functions.entrypoint.ids import require_id
from functions.entrypoint.patience import await_end
from functions.entrypoint.resources.instance_target import instance_id_of, owner_of
from functions.entrypoint.resources.parameters import require_groups
from functions.launch import launch
from functions.runtime.errors import BadRequest, Busy, BusyForAMoment, InvalidValue
from functions.state import configurations, instances
from functions.state.acceptance import Caller
from functions.state.models import Instance, Operation, OperationState

WAIT_SECONDS = 20.0


def attach(instance: Instance, reference: str, caller: Caller) -> None:
    """Attach a group, by its id or a URL that ends in it.

    Raises:
        NotFound: no such group.
        BadRequest: the instance has one already or is busy, or the group is of another datastore version.
        NotSupported: the datastore has no configuration groups.
        InvalidValue: the database refuses a value; the instance is as it was.
    """
    require_groups(offer_of(instance.datastore_version_id))
    with _busy_is_bad_request():
        operation = configurations.accept_attach(instance.id, configuration_id(reference), caller)
    _finish(operation, "attached to")


def detach(instance: Instance, caller: Caller) -> None:
    """Detach the group, if there is one.

    Raises:
        BadRequest: the instance is busy.
        InvalidValue: the database refuses to go back; the instance is as it was.
    """
    with _busy_is_bad_request():
        operation = configurations.accept_detach(instance.id, caller)
    if operation is not None:
        _finish(operation, "detached from")


def show_default(call: AnyCall) -> Reply:
    """The settings that follow from the instance's flavor, as text. Raises NotFound."""
    instance = instances.get(owner_of(call), instance_id_of(call))
    settings = offer_of(instance.datastore_version_id).version.settings_for(instance.memory_mb, instance.cpus)
    return {"instance": {"configuration": {name: _text(value) for name, value in settings.items()}}}


def configuration_id(reference: str) -> str:
    """The id in a reference to a group. Raises NotFound when there is none."""
    return require_id("Configuration group", reference.rstrip("/").rpartition("/")[2])


@contextmanager
def _busy_is_bad_request() -> Iterator[None]:
    """As in Trove, which answers 422 elsewhere; what is busy for a moment only is waited for."""
    try:
        yield
    except BusyForAMoment:
        raise
    except Busy as error:
        raise BadRequest(error.message) from None


def _finish(operation: Operation, done: str) -> None:
    launch(operation)
    seen = await_end(operation, WAIT_SECONDS)
    if seen.state in (OperationState.FAILED, OperationState.NEEDS_OPERATOR):
        reason = (seen.error or {}).get("message")
        raise InvalidValue(f"The configuration group was not {done} instance {operation.instance_id}: {reason}")


def _text(value: bool | int | float | str) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)

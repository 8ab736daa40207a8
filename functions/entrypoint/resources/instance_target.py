"""Which instance a request is about, and whose it is."""

from dataclasses import replace

from functions.entrypoint.call import AnyCall
from functions.entrypoint.ids import require_id
from functions.state import instance_marks
from functions.state.acceptance import Caller


def instance_id_of(call: AnyCall) -> str:
    """The id in the path. Raises NotFound: it is none."""
    return require_id("Instance", call.match.parameters["instance_id"])


def owner_of(call: AnyCall) -> str:
    """The project in which the instance is looked for: the caller's, for an administrator the instance's own.

    Raises:
        NotFound: there is no such instance at all.
    """
    if not call.identity.is_admin:
        return call.identity.project_id
    return instance_marks.owner(instance_id_of(call))


def on_behalf_of_owner(call: AnyCall) -> Caller:
    """The caller, working in the project of the instance: its operations belong there. Raises NotFound."""
    return replace(call.caller, project_id=owner_of(call))

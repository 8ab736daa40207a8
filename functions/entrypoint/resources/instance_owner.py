"""The instance in a request's path, and the project that owns it."""

from dataclasses import replace

from functions.entrypoint.api_request import AnyRequest
from functions.entrypoint.ids import require_id
from functions.state.instances import marks
from functions.state.operations.acceptance import Caller


def instance_id_of(request: AnyRequest) -> str:
    """Return the instance id in the path. Raises NotFound if it is not a UUID."""
    return require_id("Instance", request.match.parameters["instance_id"])


def owner_of(request: AnyRequest) -> str:
    """Return the project to look for the instance in: the caller's, for an administrator the owner's.

    Raises:
        NotFound: an administrator named an instance that does not exist.
    """
    if not request.identity.is_admin:
        return request.identity.project_id
    return marks.owner(instance_id_of(request))


def on_behalf_of_owner(request: AnyRequest) -> Caller:
    """Return the caller with the instance's project, which owns the operations on it. Raises NotFound."""
    return replace(request.caller, project_id=owner_of(request))

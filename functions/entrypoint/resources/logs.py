"""Logs of an instance.

What changes a log is an operation; clients show what they are answered, so the answer waits for its end. Publishing
much takes longer than a request can wait: it goes on, and the reply says how far it is.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from datastores.catalog import Datastore
from datastores.catalog import Log as LogDefinition
from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import offer_of, require_capability
from functions.entrypoint.models import LogAction
from functions.entrypoint.patience import await_end
from functions.entrypoint.read import read
from functions.entrypoint.resources.instance_target import instance_id_of, on_behalf_of_owner, owner_of
from functions.entrypoint.views.logs import Log, Place, log_view
from functions.launch import launch
from functions.runtime.errors import BadRequest, Forbidden, NotFound, Unavailable
from functions.state import instances, logs
from functions.state.logs import LogRequest
from functions.state.models import Instance, OperationState

ENDED_BADLY = (OperationState.FAILED, OperationState.NEEDS_OPERATOR)
SYSTEM = "SYS"
WAIT_SECONDS = 20.0


class LogUnchanged(Unavailable):
    """The change of the log was accepted and failed."""


class Logs(BaseModel):
    """All logs of an instance."""

    logs: list[Log]


@dataclass(frozen=True)
class Target:
    """The instance in the path, and its datastore."""

    instance: Instance
    datastore: Datastore

    def look(self, call: AnyCall) -> list[Log]:
        """Its logs as the caller may see them. Raises Busy, HostSilent."""
        found = read(self.instance, "log.list", Logs, account=call.identity.project_id)
        return [log for log in found.logs if log.type != SYSTEM or call.identity.is_admin]

    def view(self, log: Log) -> dict[str, object]:
        """A log on the wire."""
        return log_view(log, Place(self.instance.id, self.datastore.name))


def list_logs(call: AnyCall) -> Reply:
    """The logs. Raises NotFound, NotSupported, Busy, HostSilent."""
    target = _target(call)
    return {"logs": [target.view(log) for log in target.look(call)]}


def act_on_log(call: Call[LogAction, None]) -> Reply:
    """Do what is asked for and show the log.

    Raises:
        NotFound: no such instance or log.
        Forbidden: the log is for administrators.
        BadRequest: enable and disable at once, or of a log of the system.
        NotSupported, Busy, HostSilent, LogUnchanged.
    """
    target, body = _target(call), call.body
    definition = target.datastore.logs.get(body.name)
    if definition is None:
        raise NotFound(f"Log '{body.name}' is not defined.")
    if definition.type == SYSTEM and not call.identity.is_admin:
        raise Forbidden(f"You must be admin to act on log '{body.name}'.")
    request = _request(call, target.instance, definition)
    if request.enabled is not None or request.publish or request.discard:
        operation = logs.accept_log(target.instance.id, request, on_behalf_of_owner(call))
        launch(operation)
        seen = await_end(operation, WAIT_SECONDS)
        if seen.state in ENDED_BADLY:
            raise LogUnchanged(f"Log '{body.name}': {(seen.error or {}).get('message')}")
    [log] = [log for log in target.look(call) if log.name == body.name]
    return {"log": target.view(log)}


def _request(call: Call[LogAction, None], instance: Instance, definition: LogDefinition) -> LogRequest:
    body = call.body
    if body.enable and body.disable:
        raise BadRequest(f"Cannot enable and disable log '{body.name}'.")
    if definition.type == SYSTEM and (body.enable or body.disable):
        action = "enable" if body.enable else "disable"
        raise BadRequest(f"Cannot {action} a SYSTEM log ('{body.name}').")
    wanted = None
    if definition.type != SYSTEM and (body.enable or body.disable or body.publish):
        wanted = not body.disable
    change = None if wanted == (body.name in instance.enabled_logs) else wanted
    return LogRequest(
        log=body.name,
        account=call.identity.project_id,
        enabled=change,
        publish=bool(body.publish),
        discard=bool(body.discard),
    )


def _target(call: AnyCall) -> Target:
    instance = instances.get(owner_of(call), instance_id_of(call))
    offer = offer_of(instance.datastore_version_id)
    require_capability(offer, "logs")
    return Target(instance, offer.datastore)


HANDLERS: Handlers = {"list": list_logs, "act": act_on_log}

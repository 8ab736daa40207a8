"""Logs of an instance.

An action on a log is an operation. Its request waits up to `WAIT_SECONDS` for the operation to end, since clients show
the log that the response has. A long log is still being published then, and the response tells how far.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from datastores.catalog import Datastore
from datastores.catalog import Log as LogDefinition
from functions.base.errors import BadRequest, Forbidden, NotFound, Unavailable
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.models import LogAction
from functions.entrypoint.read import read
from functions.entrypoint.resources.instance_owner import instance_id_of, on_behalf_of_owner, owner_of
from functions.entrypoint.version_catalog import entry_of, require_capability
from functions.entrypoint.views.logs import Log, LogOwner, log_view
from functions.entrypoint.waiting import FAILURE_STATES, failure_reason, wait_for_end
from functions.operations import instance_log
from functions.operations.instance_log import Request
from functions.operations.parts.launch import launch
from functions.state.instances import instances
from functions.state.instances.models import Instance

SYSTEM = "SYS"
"""Type of the logs that only administrators see."""
WAIT_SECONDS = 20.0
"""Seconds that a request waits for its operation at most."""


class LogUnchanged(Unavailable):
    """The operation that changes the log failed."""


class Logs(BaseModel):
    """The result of the step `log.list`: all logs of an instance."""

    logs: list[Log]


@dataclass(frozen=True)
class InstanceLogs:
    """The logs of one instance, on its host."""

    instance: Instance
    datastore: Datastore

    def read(self, request: AnyRequest) -> list[Log]:
        """Read from the host the logs that the caller may see. Raises Busy, HostSilent."""
        found = read(self.instance, "log.list", Logs, account=request.identity.project_id)
        return [log for log in found.logs if log.type != SYSTEM or request.identity.is_admin]

    def view(self, log: Log) -> dict[str, object]:
        """Return the JSON object of a log."""
        return log_view(log, LogOwner(self.instance.id, self.datastore.name))


def list_logs(request: AnyRequest) -> ResponseBody:
    """List an instance's logs. Raises NotFound, NotSupported, Busy, HostSilent."""
    logs = _instance_logs(request)
    return {"logs": [logs.view(log) for log in logs.read(request)]}


def act_on_log(request: ApiRequest[LogAction, None]) -> ResponseBody:
    """Enable, disable, publish or discard a log, and show it.

    Raises:
        NotFound: no such instance or log.
        Forbidden: the log is for administrators.
        BadRequest: enable and disable together, or either of a system log.
        NotSupported, Busy, HostSilent, LogUnchanged.
    """
    logs, body = _instance_logs(request), request.body
    definition = logs.datastore.logs.get(body.name)
    if definition is None:
        raise NotFound(f"Log '{body.name}' is not defined.")
    if definition.type == SYSTEM and not request.identity.is_admin:
        raise Forbidden(f"You must be admin to act on log '{body.name}'.")
    change = _log_change(request, logs.instance, definition)
    if change.enabled is not None or change.publish or change.discard:
        operation = instance_log.accept_log(logs.instance.id, change, on_behalf_of_owner(request))
        launch(operation)
        latest = wait_for_end(operation, WAIT_SECONDS)
        if latest.state in FAILURE_STATES:
            raise LogUnchanged(f"Log '{body.name}': {failure_reason(latest)}")
    [log] = [log for log in logs.read(request) if log.name == body.name]
    return {"log": logs.view(log)}


def _log_change(request: ApiRequest[LogAction, None], instance: Instance, definition: LogDefinition) -> Request:
    body = request.body
    if body.enable and body.disable:
        raise BadRequest(f"Cannot enable and disable log '{body.name}'.")
    if definition.type == SYSTEM and (body.enable or body.disable):
        action = "enable" if body.enable else "disable"
        raise BadRequest(f"Cannot {action} a SYSTEM log ('{body.name}').")
    wanted = None
    if definition.type != SYSTEM and (body.enable or body.disable or body.publish):
        wanted = not body.disable
    change = None if wanted == (body.name in instance.enabled_logs) else wanted
    return Request(
        log=body.name,
        account=request.identity.project_id,
        enabled=change,
        publish=bool(body.publish),
        discard=bool(body.discard),
    )


def _instance_logs(request: AnyRequest) -> InstanceLogs:
    instance = instances.get(owner_of(request), instance_id_of(request))
    entry = entry_of(instance.datastore_version_id)
    require_capability(entry, "logs")
    return InstanceLogs(instance, entry.datastore)


HANDLERS: Handlers = {"list": list_logs, "act": act_on_log}

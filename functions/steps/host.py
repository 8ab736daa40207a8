"""The host of an instance: its SSH identity, and how it is asked."""

import json
from typing import Any

from datastores import bundle
from datastores.catalog import catalog
from datastores.protocol.turns import Turn
from functions.cloud import ssh
from functions.cloud.ssh_ca import authority
from functions.runtime.clock import now
from functions.runtime.errors import (
    EngineRefused,
    NotRunning,
    NotSupported,
    SettingsRefused,
    StepFailed,
    StepRefused,
    TroveError,
)
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.runtime.waiting import LONG_POLL_SECONDS
from functions.state import operations
from functions.state.models import Instance
from functions.state.subject import Subject, subject
from functions.state.transitions import turn_of

LEAST_SECONDS = 30
"""Seconds that a change has on the host at least, however near its operation's deadline is."""
HOST_CERTIFICATE_DAYS = 3650
"""A host's certificate lasts as long as the host may: it names the host and opens nothing."""

ERRORS: dict[str, type[TroveError]] = {
    "not_running": NotRunning,
    "unsupported": NotSupported,
    "engine_error": EngineRefused,
    "program_failed": EngineRefused,
    "disk_full": EngineRefused,
    "parent_unusable": EngineRefused,
    "settings_refused": SettingsRefused,
}
"""What errors of a host are here; any other is StepFailed."""


@step("host.certify")
def certify(_request: Nothing, context: StepContext) -> StepResult:
    """Make and certify the host's key; it waits sealed in the operation for the stack that carries it to the host."""
    if "host_key" not in operations.secrets(context.operation_id):
        key = authority().issue_host(subject(context.operation_id).instance.host_id, HOST_CERTIFICATE_DAYS)
        operations.add_secrets(
            context.operation_id,
            {
                "host_key": {
                    "private_key": key.private_key.get_secret_value(),
                    "certificate": key.certificate,
                    "ssh_user_ca": authority().user_ca_public,
                }
            },
        )
    return StepResult()


def call(
    instance: Instance, context: StepContext, action: str, arguments: dict[str, Any], turn: Turn | None = None
) -> dict[str, Any]:
    """The answer to a synchronous call of the engine: a read or, with the operation's turn, a quick change.

    Raises:
        NotRunning, NotSupported, StepFailed: the host's answer, in its words.
        HostUnreachable, CommandTimedOut: it gave none.
        StepRefused: the instance has no host yet.
    """
    version = catalog().version_by_id(instance.datastore_version_id)
    engine = {"datastore": version.datastore, "version": version.name}
    asked = {"command": "call", "action": action, "arguments": arguments, **engine}
    return ask(instance, context, asked if turn is None else asked | turn.fields())


def change(about: Subject, context: StepContext, action: str, arguments: dict[str, Any]) -> StepResult:
    """Make a change for an operation; a host refuses one that a newer operation has overtaken.

    The host makes it once, however long it takes: the result is not `done` while it is at work, and the step is
    called again.

    Raises: as `call`.
    """
    version = catalog().version_by_id(about.instance.datastore_version_id)
    reply = ask(
        about.instance,
        context,
        {
            "command": "change",
            "job_id": f"{about.operation.id}-{action}",
            **turn_of(about.operation).fields(),
            "datastore": version.datastore,
            "version": version.name,
            "action": action,
            "arguments": arguments,
            "time_limit": max(LEAST_SECONDS, int((about.operation.deadline - now()).total_seconds())),
            "wait": LONG_POLL_SECONDS,
        },
    )
    if reply["state"] == "succeeded":
        return StepResult()
    if (error := reply["error"]) and reply["state"] != "dead":
        raise error_of(error)
    return StepResult(done=False)


def ask(instance: Instance, context: StepContext, request: dict[str, Any]) -> dict[str, Any]:
    """Send one request to the instance's host and give the result; the certificate names what the token is for.

    Raises: as `call`.
    """
    datastore = catalog().version_by_id(instance.datastore_version_id).datastore
    completed = ssh.run(
        _address(instance),
        authority().issue_user(instance.host_id, context.subject),
        bundle.argv(datastore),
        bundle.request_bytes(datastore, request),
        context.seconds_left,
    )
    if not completed.stdout:
        raise ssh.HostUnreachable(f"the host gave no answer (exit {completed.exit_status})")
    reply = json.loads(completed.stdout)
    if not reply["ok"]:
        raise error_of(reply["error"])
    result: dict[str, Any] = reply["result"]
    return result


def error_of(error: dict[str, Any]) -> TroveError:
    """A host's error as one of ours, in its words."""
    kind = ssh.HostUnreachable if error["retryable"] else ERRORS.get(error["type"], StepFailed)
    return kind(error["message"], {"type": error["type"]})


def _address(instance: Instance) -> ssh.HostAddress:
    if not (instance.management_address and instance.management_port and instance.management_username):
        raise StepRefused(f"instance {instance.id} has no host yet")
    return ssh.HostAddress(
        host_id=instance.host_id,
        address=instance.management_address,
        port=instance.management_port,
        username=instance.management_username,
    )

"""The tenant's superuser of an instance. Clients use root as soon as they are answered: so answers wait for the end."""

import secrets

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.models import RootEnable
from functions.entrypoint.patience import await_end
from functions.entrypoint.resources.accounts import password_text
from functions.entrypoint.resources.instance_accounts import target_of
from functions.runtime.errors import NotFound, Unavailable
from functions.state.models import ACTIVE_STATES, Operation, OperationType

PASSWORD_BYTES = 24
"""Random bytes of a password that we choose; hexadecimal, so that no client, shell or template takes it for more."""


class RootUnsettled(Unavailable):
    """The change of root was accepted and is not in force yet."""


def show_root(call: AnyCall) -> Reply:
    """Whether root can log in. Raises: see `instance_accounts`."""
    return {"rootEnabled": target_of(call, "root").look().root_enabled}


def enable_root(call: Call[RootEnable | None, None]) -> Reply:
    """Enable root with the password asked for, or a new one.

    Raises:
        BadRequest: the password cannot be one.
        EngineRefused: it failed.
        RootUnsettled: it is not in force yet, so that the password must not be told.
        Others: see `instance_accounts`.
    """
    asked = call.body.password if call.body else None
    password = secrets.token_hex(PASSWORD_BYTES) if asked is None else password_text(asked)
    _finish(target_of(call, "root").change(call, OperationType.ROOT_ENABLE, {}, password=password))
    return {"user": {"name": "root", "password": password}}


def disable_root(call: AnyCall) -> Reply:
    """Disable root. Raises NotFound: it is not enabled; EngineRefused, RootUnsettled; see `instance_accounts`."""
    target = target_of(call, "root")
    if not target.look_before_change().root_enabled:
        raise NotFound(f"Root user has never been enabled for instance {target.instance.id}, or is disabled.")
    _finish(target.change(call, OperationType.ROOT_DISABLE, {}))
    return None


def _finish(operation: Operation) -> None:
    seen = await_end(operation) if operation.state in ACTIVE_STATES else operation
    if seen.state in ACTIVE_STATES:
        raise RootUnsettled(f"Root is being changed by operation {operation.id}, which has not ended: try again.")


HANDLERS: Handlers = {"show": show_root, "enable": enable_root, "disable": disable_root}

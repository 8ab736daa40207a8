"""Root, the tenant's superuser of an instance.

Clients log in as root as soon as they get the response, so the response waits for the operation to end.
"""

import secrets

from datastores.protocol.accounts import DisableRoot, EnableRoot
from functions.base.errors import NotFound, Unavailable
from functions.base.statuses import ACTIVE_STATES
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.models import RootEnable
from functions.entrypoint.resources.accounts import password_text
from functions.entrypoint.resources.instance_accounts import accounts_of
from functions.entrypoint.waiting import wait_for_end
from functions.operations import root_disable, root_enable
from functions.state.operations.models import Operation

PASSWORD_BYTES = 24
"""Random bytes of a generated password, written in hexadecimal so that no client, shell or template interprets it."""


class RootPending(Unavailable):
    """The operation that changes root has not ended yet."""


def show_root(request: AnyRequest) -> ResponseBody:
    """Show whether root can log in. Raises the errors that `instance_accounts` lists."""
    return {"rootEnabled": accounts_of(request, "root").read().root_enabled}


def enable_root(request: ApiRequest[RootEnable | None, None]) -> ResponseBody:
    """Enable root with the request's password, or a generated one.

    Raises:
        BadRequest: the password is invalid.
        EngineRefused: the operation failed.
        RootPending: the operation has not ended, so the password may not be in force yet.
        Others: see `instance_accounts`.
    """
    asked = request.body.password if request.body else None
    password = secrets.token_hex(PASSWORD_BYTES) if asked is None else password_text(asked)
    _require_ended(accounts_of(request, "root").change(request, root_enable.OPERATION, EnableRoot(password)))
    return {"user": {"name": "root", "password": password}}


def disable_root(request: AnyRequest) -> ResponseBody:
    """Disable root. Raises NotFound: it is not enabled; EngineRefused, RootPending; others: see `instance_accounts`."""
    accounts = accounts_of(request, "root")
    if not accounts.read_before_change().root_enabled:
        raise NotFound(f"Root user has never been enabled for instance {accounts.instance.id}, or is disabled.")
    _require_ended(accounts.change(request, root_disable.OPERATION, DisableRoot()))
    return None


def _require_ended(operation: Operation) -> None:
    """Wait for the operation to end. Raises RootPending if it is still active after `WAIT_SECONDS`."""
    latest = wait_for_end(operation) if operation.state in ACTIVE_STATES else operation
    if latest.state in ACTIVE_STATES:
        raise RootPending(f"Root is being changed by operation {operation.id}, which has not ended: try again.")


HANDLERS: Handlers = {"show": show_root, "enable": enable_root, "disable": disable_root}

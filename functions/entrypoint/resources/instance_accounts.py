"""Databases, users and root of the instance in a request's path: reads and changes of them.

Every request about them raises these errors, beside its own:

NotFound      there is no such instance
NotSupported  its datastore has no databases, users or root
Busy          the instance is not ACTIVE, or has another operation
NotRunning    its database does not run
HostSilent    its host does not answer now
EngineRefused the database refuses, in its own words
"""

from collections.abc import Sequence
from dataclasses import dataclass

from datastores.catalog import Capability, Datastore
from datastores.protocol.message import Done, Work
from functions.base.errors import NotFound
from functions.entrypoint.api_request import AnyRequest
from functions.entrypoint.ids import require_id
from functions.entrypoint.read import read
from functions.entrypoint.version_catalog import entry_of, require_capability
from functions.entrypoint.waiting import wait_for_account_changes, wait_for_success
from functions.framework.operation import OperationKind
from functions.operations.parts import accounts
from functions.operations.parts.launch import launch
from functions.state.instances import instances
from functions.state.instances.accounts import Account, Accounts, UserName
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation


@dataclass(frozen=True)
class InstanceAccounts:
    """The accounts of one instance, in its engine."""

    instance: Instance
    datastore: Datastore

    def read(self) -> Accounts:
        """Wait for account changes to end, then read from the engine. Raises Busy, NotRunning, HostSilent."""
        wait_for_account_changes(self.instance.id)
        return read(self.instance, "account.list", Accounts)

    def read_before_change(self) -> Accounts:
        """Read from the engine if the instance could accept a change now. Raises Busy, NotRunning, HostSilent."""
        accounts.require_idle(self.instance.project_id, self.instance.id)
        return read(self.instance, "account.list", Accounts)

    def change(self, request: AnyRequest, kind: OperationKind, change: Work[Done]) -> Operation:
        """Accept a change, start its workflow and wait as `wait_for_success` does. Raises Busy, EngineRefused."""
        operation = accounts.accept_change(kind, self.instance.id, change, request.caller)
        launch(operation)
        return wait_for_success(operation, f"Instance {self.instance.id} is as it was")


def accounts_of(request: AnyRequest, capability: Capability) -> InstanceAccounts:
    """Return the accounts of the instance in the path. Raises NotFound, NotSupported (it lacks the capability)."""
    instance_id = require_id("Instance", request.match.parameters["instance_id"])
    instance = instances.get(request.identity.project_id, instance_id)
    entry = entry_of(instance.datastore_version_id)
    require_capability(entry, capability)
    return InstanceAccounts(instance, entry.datastore)


def user_name(text: str) -> UserName:
    """Parse `name@host` or `name`, split at the last `@`."""
    name, _, host = text.rpartition("@")
    return UserName(name=name, host=host) if name and host else UserName(name=text)


def user_of(found: Accounts, text: str) -> Account:
    """Return the user whose `name@host`, or whose name, is the text. Raises NotFound."""
    for wanted in (user_name(text), UserName(name=text)):
        for user in found.users:
            if (user.name, user.host) == (wanted.name, wanted.host):
                return user
    raise NotFound(f"User '{text}' cannot be found.")


def require_databases(found: Accounts, names: Sequence[str]) -> None:
    """Raise NotFound with the first name that is no database of the instance."""
    for name in names:
        if name not in found.databases:
            raise NotFound(f"Database '{name}' cannot be found.")

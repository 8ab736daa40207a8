"""What requests about an instance's databases, users and root share: they look at the engine and change it.

NotFound      no such instance
NotSupported  its datastore has no databases, users or root
Busy          it is not ACTIVE, or another operation has it
NotRunning    its database does not run
HostSilent    its host does not answer now
EngineRefused the database refuses, in its own words
"""

from dataclasses import dataclass
from typing import Any

from datastores.catalog import Capability, Datastore
from functions.entrypoint.call import AnyCall
from functions.entrypoint.catalog import offer_of, require_capability
from functions.entrypoint.ids import require_id
from functions.entrypoint.patience import finish, settle
from functions.entrypoint.read import read
from functions.launch import launch
from functions.runtime.errors import NotFound
from functions.state import accounts, instances
from functions.state.acceptance import Order
from functions.state.accounts import Account, Accounts, UserName
from functions.state.models import Instance, Operation, OperationType


@dataclass(frozen=True)
class Target:
    """The instance in the path, and its datastore."""

    instance: Instance
    datastore: Datastore

    def look(self) -> Accounts:
        """What is there, quick changes under way included. Raises Busy, NotRunning, HostSilent."""
        settle(self.instance.id)
        return read(self.instance, "account.list", Accounts)

    def look_before_change(self) -> Accounts:
        """The same for an instance that could take a change now. Raises Busy, NotRunning, HostSilent."""
        accounts.require_idle(self.instance.project_id, self.instance.id)
        return read(self.instance, "account.list", Accounts)

    def change(self, call: AnyCall, kind: OperationType, request: dict[str, Any], **secrets: Any) -> Operation:  # noqa: ANN401
        """Accept a change, start its workflow and wait for its end as `finish` does. Raises Busy, EngineRefused."""
        operation = accounts.accept_change(self.instance.id, call.caller, Order(kind, request, secrets))
        launch(operation)
        return finish(operation, f"Instance {self.instance.id} is as it was")


def target_of(call: AnyCall, capability: Capability) -> Target:
    """The instance in the path. Raises NotFound, NotSupported: its datastore lacks the capability."""
    instance = instances.get(call.identity.project_id, require_id("Instance", call.match.parameters["instance_id"]))
    offer = offer_of(instance.datastore_version_id)
    require_capability(offer, capability)
    return Target(instance, offer.datastore)


def user_name(text: str) -> UserName:
    """`name@host` or `name`: the last `@` parts them."""
    name, _, host = text.rpartition("@")
    return UserName(name=name, host=host) if name and host else UserName(name=text)


def user_of(found: Accounts, text: str) -> Account:
    """The user that a path means; the whole of it may be the name. Raises NotFound."""
    for wanted in (user_name(text), UserName(name=text)):
        for user in found.users:
            if (user.name, user.host) == (wanted.name, wanted.host):
                return user
    raise NotFound(f"User '{text}' cannot be found.")


def require_databases(found: Accounts, names: list[str]) -> None:
    """Raises NotFound naming the first one that is not there."""
    for name in names:
        if name not in found.databases:
            raise NotFound(f"Database '{name}' cannot be found.")

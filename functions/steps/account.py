"""The databases and users of an instance, as its engine shows them."""

from datastores.protocol import accounts as protocol
from datastores.protocol import codec
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import instances
from functions.state.accounts import Accounts
from functions.steps import host


class AccountsFound(Accounts, StepResult):
    """They are read."""


@step("account.list", audience="read")
def list_accounts(_request: Nothing, context: StepContext) -> AccountsFound:
    """Ask the engine for all databases and users of the tenant, and whether root is enabled."""
    found = host.call(instances.load(context.instance_id), context, protocol.Accounts())
    return AccountsFound.model_validate(codec.encode(found))

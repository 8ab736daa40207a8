"""The databases, users and root of an instance, in its engine: list and change."""

from datastores.protocol import accounts as protocol
from datastores.protocol import codec
from functions.framework.step import Nothing, StepContext, StepResult, step
from functions.hostlink import host
from functions.operations.parts.accounts import change_of
from functions.state.instances import instances
from functions.state.instances.accounts import Accounts
from functions.state.operations.context import TaskContext


class AccountsFound(Accounts, StepResult):
    """The databases and users that the engine reported."""


@step("account.list", audience="read")
def list_accounts(_request: Nothing, context: StepContext) -> AccountsFound:
    """Ask the engine for all databases and users of the tenant, and whether root is enabled."""
    found = host.ask(instances.load(context.instance_id), context, protocol.Accounts())
    return AccountsFound.model_validate(codec.encode(found))


@step("account.change")
def change(_request: Nothing, context: TaskContext) -> StepResult:
    """Have the engine make the change of databases, users or root that the operation was accepted with."""
    return host.change(context, change_of(context.operation))

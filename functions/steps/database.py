"""Databases of an instance: each verb is one synchronous call of the engine with what the operation's row says."""

from datastores.protocol import codec
from datastores.protocol.accounts import CreateDatabases, DeleteDatabase
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state.subject import subject
from functions.steps import host


@step("database.create")
def create(_request: Nothing, context: StepContext) -> StepResult:
    """Create the databases; those that are there stay."""
    about = subject(context.operation_id)
    return host.change(about, context, codec.decode(CreateDatabases, about.operation.request))


@step("database.delete")
def delete(_request: Nothing, context: StepContext) -> StepResult:
    """Delete the database, if it is there."""
    about = subject(context.operation_id)
    return host.change(about, context, codec.decode(DeleteDatabase, about.operation.request))

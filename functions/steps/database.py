"""Databases of an instance: each verb is one synchronous call of the engine with what the operation's row says."""

from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state.subject import subject
from functions.steps import host


@step("database.create")
def create(_request: Nothing, context: StepContext) -> StepResult:
    """Create the databases; those that are there stay."""
    about = subject(context.operation_id)
    return host.change(about, context, "create_databases", {"databases": about.operation.request["databases"]})


@step("database.delete")
def delete(_request: Nothing, context: StepContext) -> StepResult:
    """Delete the database, if it is there."""
    about = subject(context.operation_id)
    return host.change(about, context, "delete_database", {"name": about.operation.request["name"]})

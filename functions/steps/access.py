"""Which databases a user may use."""

from datastores.protocol import codec
from datastores.protocol.accounts import Grant, Revoke
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state.subject import subject
from functions.steps import host


@step("access.grant")
def grant(_request: Nothing, context: StepContext) -> StepResult:
    """Grant the user the databases."""
    about = subject(context.operation_id)
    return host.change(about, context, codec.decode(Grant, about.operation.request))


@step("access.revoke")
def revoke(_request: Nothing, context: StepContext) -> StepResult:
    """Take the databases from the user."""
    about = subject(context.operation_id)
    return host.change(about, context, codec.decode(Revoke, about.operation.request))

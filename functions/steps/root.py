"""The tenant's superuser."""

from datastores.protocol.accounts import DisableRoot, EnableRoot
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import operations
from functions.state.subject import subject
from functions.steps import host


@step("root.enable")
def enable(_request: Nothing, context: StepContext) -> StepResult:
    """Let root log in with the password that is sealed in the operation."""
    about = subject(context.operation_id)
    return host.change(about, context, EnableRoot(operations.secrets(about.operation.id)["password"]))


@step("root.disable")
def disable(_request: Nothing, context: StepContext) -> StepResult:
    """Let it log in no more."""
    about = subject(context.operation_id)
    return host.change(about, context, DisableRoot())

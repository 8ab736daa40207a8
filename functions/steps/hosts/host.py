"""The SSH identity of a host."""

from functions.base.settings import get_settings
from functions.framework.step import Nothing, StepResult, step
from functions.hostlink.ssh_ca import authority
from functions.state.operations import sealed
from functions.state.operations.context import TaskContext
from functions.state.operations.secrets import HostKey


@step("host.certify")
def certify(_request: Nothing, context: TaskContext) -> StepResult:
    """Issue the host's key and certificate, sealed in the operation for the stack that brings them to the host."""
    if sealed.find(context.operation, HostKey, context.host.id) is None:
        key = authority().issue_host(context.host.id, get_settings().ssh_host_certificate_days)
        made = HostKey(key.private_key.get_secret_value(), key.certificate, authority().user_ca_public)
        sealed.keep(context.operation, made, context.host.id)
    return StepResult()

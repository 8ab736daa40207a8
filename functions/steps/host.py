"""The host of an instance: its SSH identity."""

from functions.cloud.ssh_ca import authority
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import operations
from functions.state.subject import subject

HOST_CERTIFICATE_DAYS = 3650
"""A host's certificate lasts as long as the host may: it names the host and opens nothing."""


@step("host.certify")
def certify(_request: Nothing, context: StepContext) -> StepResult:
    """Make and certify the host's key; it waits sealed in the operation for the stack that carries it to the host."""
    if "host_key" not in operations.secrets(context.operation_id):
        key = authority().issue_host(subject(context.operation_id).instance.host_id, HOST_CERTIFICATE_DAYS)
        operations.add_secrets(
            context.operation_id,
            {
                "host_key": {
                    "private_key": key.private_key.get_secret_value(),
                    "certificate": key.certificate,
                    "ssh_user_ca": authority().user_ca_public,
                }
            },
        )
    return StepResult()

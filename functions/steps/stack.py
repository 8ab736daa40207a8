"""The Heat stack that holds an instance's host."""

from pathlib import Path

from datastores.catalog import catalog
from functions.cloud import flavors, heat
from functions.runtime.errors import StepFailed
from functions.runtime.settings import get_settings
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.runtime.waiting import wait_for
from functions.state import operations
from functions.state.findings import HostOutputs, record_host
from functions.state.models import Instance
from functions.state.subject import subject

TEMPLATE = Path(__file__).parents[2] / "deploy" / "heat" / "instance.yaml"

STACK = "trove-"
"""What the names of all our stacks begin with."""


def stack_name(instance: Instance) -> str:
    """One stack an instance, named after it."""
    return f"{STACK}{instance.id}"


@step("stack.create")
def create(_request: Nothing, context: StepContext) -> StepResult:
    """Ask Heat for the instance's stack; a stack that is there is left as it is."""
    instance = subject(context.operation_id).instance
    host_key = operations.secrets(context.operation_id)["host_key"]
    version = catalog().version_by_id(instance.datastore_version_id)
    parameters = {
        "instance_id": instance.id,
        "host_id": instance.host_id,
        "project_id": instance.project_id,
        "datastore": version.datastore,
        "flavor": flavors.get(instance.flavor_id).name,
        "memory": instance.memory_mb,
        "cpus": instance.cpus,
        "volume_size": instance.volume_size,
        "ports": version.ports,
        "allowed_cidrs": instance.access.get("allowed_cidrs", []),
        "public": instance.access.get("is_public", False),
        "ssh_user_ca": host_key["ssh_user_ca"],
        "host_key": host_key["private_key"],
        "host_certificate": host_key["certificate"],
    }
    tags = [f"project-{instance.project_id}"]
    with operations.alone(context.operation_id):
        heat.apply(stack_name(instance), TEMPLATE, get_settings().heat_environment, parameters, tags)
    return StepResult()


@step("stack.await_complete")
def await_complete(_request: Nothing, context: StepContext) -> StepResult:
    """Wait for the stack; once complete, note the host's addresses in the instance."""
    instance = subject(context.operation_id).instance
    name = stack_name(instance)
    status = wait_for(lambda: heat.status(name), lambda status: status.state != "in_progress", context)
    if status is None:
        return StepResult(done=False)
    if status.state != "complete":
        raise StepFailed(f"the host could not be made: {status.reason or 'its stack is gone'}")
    record_host(instance.id, HostOutputs.model_validate(status.outputs))
    return StepResult()


@step("stack.delete", compensation=True)
def delete(_request: Nothing, context: StepContext) -> StepResult:
    """Ask Heat to delete the instance's stack, if there is one."""
    heat.delete(stack_name(subject(context.operation_id).instance))
    return StepResult()


@step("stack.await_gone", compensation=True)
def await_gone(_request: Nothing, context: StepContext) -> StepResult:
    """Wait until the stack is gone; a deletion that failed is asked for again."""
    name = stack_name(subject(context.operation_id).instance)
    status = wait_for(lambda: heat.status(name), lambda status: status.state != "in_progress", context)
    if status is not None and status.state == "absent":
        return StepResult()
    if status is not None and status.state == "failed":
        heat.delete(name)
    return StepResult(done=False)

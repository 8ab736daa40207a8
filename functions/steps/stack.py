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
from functions.state.instance_changes import restore
from functions.state.models import Instance
from functions.state.subject import subject, wanted

TEMPLATE = Path(__file__).parents[2] / "deploy" / "heat" / "instance.yaml"

_HOST_VOLUME_GB = 1
"""A host keeps its jobs and logs on a volume, also where the datastore has none for the tenant."""
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
        "ports": version.ports,
        "ssh_user_ca": host_key["ssh_user_ca"],
        "host_key": host_key["private_key"],
        "host_certificate": host_key["certificate"],
    }
    return StepResult(done=_apply(context, instance, parameters | _changeable(instance)))


@step("stack.update")
def update(_request: Nothing, context: StepContext) -> StepResult:
    """Ask Heat to make the stack what the instance's row says now; that of an upgrade, what its new version needs."""
    instance = wanted(context.operation_id).instance
    return StepResult(done=_apply(context, instance, _changeable(instance)))


@step("stack.revert", compensation=True)
def revert(_request: Nothing, context: StepContext) -> StepResult:
    """Give the instance's row its old values, and ask Heat to make the stack so; a volume that has grown stays."""
    about = subject(context.operation_id)
    if not operations.was_called(about.operation.id, "stack.update"):
        restore(about.operation.id)
        return StepResult()
    status = heat.status(stack_name(about.instance))
    if status.state == "in_progress":
        return StepResult(done=False)
    size = about.operation.request["before"].get("volume_size")
    if size is not None and int(status.parameters.get("volume_size", 0)) > size:
        return StepResult()
    restore(about.operation.id)
    instance = subject(context.operation_id).instance
    return StepResult(done=_apply(context, instance, _changeable(instance)))


def _changeable(instance: Instance) -> dict[str, object]:
    """The parameters of the stack that change with the instance."""
    return {
        "version": catalog().version_by_id(instance.datastore_version_id).name,
        "flavor": flavors.get(instance.flavor_id).name,
        "memory": instance.memory_mb,
        "cpus": instance.cpus,
        "volume_size": max(_HOST_VOLUME_GB, instance.volume_size),
        "allowed_cidrs": instance.access.get("allowed_cidrs", []),
        "public": instance.access.get("is_public", False),
    }


def _apply(context: StepContext, instance: Instance, parameters: dict[str, object]) -> bool:
    tags = [f"project-{instance.project_id}"]
    with operations.alone(context.operation_id):
        return heat.apply(stack_name(instance), TEMPLATE, get_settings().heat_environment, parameters, tags)


@step("stack.await_complete")
def await_complete(_request: Nothing, context: StepContext) -> StepResult:
    """Wait for the stack; once complete, note the host's addresses in the instance."""
    return _await_complete(context)


@step("stack.await_reverted", compensation=True)
def await_reverted(_request: Nothing, context: StepContext) -> StepResult:
    """The same for a stack that is what it was before; one that no step has changed needs no waiting."""
    if not operations.was_called(context.operation_id, "stack.update"):
        return StepResult()
    return _await_complete(context)


def _await_complete(context: StepContext) -> StepResult:
    instance = subject(context.operation_id).instance
    name = stack_name(instance)
    status = wait_for(lambda: heat.status(name), lambda status: status.state != "in_progress", context)
    if status is None:
        return StepResult(done=False)
    if status.state != "complete":
        reason = status.reason or "its stack is gone"
        raise StepFailed(f"the host could not be {'changed' if status.action == 'UPDATE' else 'made'}: {reason}")
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

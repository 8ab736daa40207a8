"""The Heat stack that holds an instance's host: each step asks Heat for a change and waits until it is made."""

from functions.base.errors import StepFailed
from functions.cloud import heat
from functions.framework.step import Nothing, StepResult, step
from functions.framework.waiting import wait_for
from functions.state.hosts import hosts
from functions.state.hosts.hosts import HostOutputs
from functions.state.operations import leases, moves, sealed, timeline
from functions.state.operations.context import TaskContext
from functions.state.operations.secrets import Fenced, HostKey
from functions.topology import stacks
from functions.topology.stacks import stack_name


@step("stack.create")
def create(_request: Nothing, context: TaskContext) -> StepResult:
    """Create the instance's stack and store its host's addresses.

    Raises StepFailed with Heat's reason.
    """
    key = sealed.get(context.operation, HostKey, context.host.id)
    parameters = stacks.host_parameters(context.instance, context.host, key)
    return _converge(context, parameters | stacks.spec_parameters(context.instance, context.spec))


@step("stack.update")
def update(_request: Nothing, context: TaskContext) -> StepResult:
    """Update the stack to the new spec. Raises StepFailed with Heat's reason."""
    return _converge(context, stacks.spec_parameters(context.instance, context.spec))


@step("stack.revert", compensation=True)
def revert(_request: Nothing, context: TaskContext) -> StepResult:
    """Update the stack to the old spec. A volume that has grown stays, and so does its size in the spec.

    Do nothing if `stack.update` was never called.
    """
    if not timeline.was_called(context.operation.id, "stack.update"):
        return StepResult()
    status = heat.status(stack_name(context.instance))
    size = int(status.parameters.get("volume_size", 0))
    if context.spec.volume_size and size > context.spec.volume_size:
        moves.keep_spec(context.operation.id, context.instance.id, volume_size=size)
        return StepResult()
    return _converge(context, stacks.spec_parameters(context.instance, context.spec))


@step("stack.isolate")
def isolate(_request: Nothing, context: TaskContext) -> StepResult:
    """Cut the old primary's host off, so that nothing of it serves, unless it has said that it takes no writes.

    Raises StepFailed with Heat's reason.
    """
    if sealed.get(context.operation, Fenced, context.instance.id).position is not None:
        return StepResult()
    hosts.record_isolation(context.host.id, isolated=True)
    return _converge(context, {"isolated": True})


@step("stack.release", compensation=True)
def release(_request: Nothing, context: TaskContext) -> StepResult:
    """Let the instance's host run again if it is isolated. Raises StepFailed with Heat's reason."""
    if not context.host.isolated:
        return StepResult()
    done = _converge(context, {"isolated": False})
    if done.done:
        hosts.record_isolation(context.host.id, isolated=False)
    return done


def _converge(context: TaskContext, parameters: dict[str, object]) -> StepResult:
    """Apply the parameters under a lease, since Heat would create two stacks of one name, and wait for completion."""
    with leases.held(context) as mine:
        if not mine or not stacks.apply(context.instance, parameters):
            return StepResult(done=False)
    name = stack_name(context.instance)
    status = wait_for(lambda: heat.status(name), lambda status: status.state != "in_progress", context)
    if status is None:
        return StepResult(done=False)
    if status.state != "complete":
        reason = status.reason or "its stack is gone"
        raise StepFailed(f"the host could not be {'changed' if status.action == 'UPDATE' else 'created'}: {reason}")
    hosts.record_outputs(context.host.id, HostOutputs.model_validate(status.outputs))
    return StepResult()


@step("stack.delete", compensation=True)
def delete(_request: Nothing, context: TaskContext) -> StepResult:
    """Delete the instance's stack, if there is one, and wait until it is gone. Retry a deletion that failed."""
    name = stack_name(context.instance)
    heat.delete(name)
    status = wait_for(lambda: heat.status(name), lambda status: status.state != "in_progress", context)
    return StepResult(done=status is not None and status.state == "absent")

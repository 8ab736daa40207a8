"""The endpoints of an instance's group: each step asks Heat for a change and waits until it is made.

Where an endpoint leads is no input: it follows from the group's rows, so that a call that comes late does not lead it
back to a former primary.
"""

from collections.abc import Sequence

from functions.base.errors import StepFailed, StepRefused
from functions.framework.step import Nothing, StepInput, StepResult, step
from functions.framework.waiting import wait_for
from functions.state.database import transaction
from functions.state.endpoints import endpoints
from functions.state.endpoints.endpoints import KINDS, Aim, EndpointOutputs, Kind
from functions.state.endpoints.models import Endpoint
from functions.state.groups import groups
from functions.state.operations import leases, timeline
from functions.state.operations.context import TaskContext
from functions.topology import endpoints as topology


class Which(StepInput):
    """One of the endpoints of the instance's group; None: both."""

    kind: Kind | None = None


@step("endpoint.create")
def create(_request: Nothing, context: TaskContext) -> StepResult:
    """Create the endpoints that the group lacks, and lead both to its primary and readers.

    Raises StepFailed with Heat's reason.
    """
    group_id = context.instance.group_id
    if group_id is None:
        raise StepRefused(f"instance {context.instance.id} is in no group")
    return _converge([endpoints.ensure(group_id, kind, context.operation.id) for kind in KINDS], context)


@step("endpoint.point")
def point(request: Which, context: TaskContext) -> StepResult:
    """Lead endpoints to the group's present primary or readers, and store where they lead.

    When the step is done, new connections reach the new target, and the substrate has ended sessions to the former one.
    Do nothing if the group has no endpoint, or its primary is not held by the operation. Raises StepFailed with Heat's
    reason.
    """
    found = endpoints.held(context)
    return _converge([each for each in found if request.kind in {None, each.kind}], context)


@step("endpoint.point_back", compensation=True)
def point_back(request: Which, context: TaskContext) -> StepResult:
    """Lead endpoints to the group's present primary or readers, if the operation may have changed either."""
    if not any(timeline.was_called(context.operation.id, step) for step in ("endpoint.point", "failover.promote")):
        return StepResult()
    return point(request, context)


@step("endpoint.release")
def release(_request: Nothing, context: TaskContext) -> StepResult:
    """Lead the endpoints away from an instance that leaves its group; delete them if that has no other member.

    Raises StepFailed with Heat's reason.
    """
    found = endpoints.held(context)
    with transaction() as session:
        is_last = not groups.replicates(session, context.instance)
    return _delete(found, context) if is_last else _converge(found, context)


@step("endpoint.discard", compensation=True)
def discard(_request: Nothing, context: TaskContext) -> StepResult:
    """Delete the endpoints that the operation made."""
    made = [each for each in endpoints.of(context.instance) if each.made_by == context.operation.id]
    return _delete(made, context)


def _converge(found: Sequence[Endpoint], context: TaskContext) -> StepResult:
    """Apply what the rows say under a lease and wait for completion; again if the rows say something else by then."""
    if not found:
        return StepResult()
    aims = {each.id: endpoints.aim(each, context) for each in found}
    with leases.held(context) as mine:
        if not mine or not all(topology.apply(each, aims[each.id], context.operation_id) for each in found):
            return StepResult(done=False)
    return StepResult(done=all(_settled(each, aims[each.id], context) for each in found))


def _settled(endpoint: Endpoint, aim: Aim, context: TaskContext) -> bool:
    """Wait until the stack is complete and record it; return whether the endpoint is what the rows say now."""
    status = wait_for(lambda: topology.status(endpoint), lambda status: status.state != "in_progress", context)
    if status is None:
        return False
    if status.state != "complete":
        reason = status.reason or "its stack is gone"
        raise StepFailed(f"the {endpoint.kind} endpoint could not be changed: {reason}")
    endpoints.record(endpoint.id, EndpointOutputs.model_validate(status.outputs), aim.targets)
    return _same_targets(aim, endpoints.aim(endpoint, context))


def _delete(found: Sequence[Endpoint], context: TaskContext) -> StepResult:
    """Delete the stacks and wait until they are gone. Retry a deletion that failed."""
    for each in found:
        topology.delete(each)
    return StepResult(done=all(_gone(each, context) for each in found))


def _gone(endpoint: Endpoint, context: TaskContext) -> bool:
    status = wait_for(lambda: topology.status(endpoint), lambda status: status.state != "in_progress", context)
    if status is None or status.state != "absent":
        return False
    endpoints.remove(endpoint.id)
    return True


def _same_targets(one: Aim, other: Aim) -> bool:
    return [host.id for host in one.targets] == [host.id for host in other.targets]

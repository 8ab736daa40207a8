"""Operations that start or stop the engine: one job. Only a job that still runs is undone."""

from collections.abc import Collection
from datetime import timedelta

from functions.base.statuses import InstanceStatus
from functions.framework.operation import OperationKind
from functions.operations.parts import plans
from functions.state.database import transaction
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, not_available
from functions.state.operations.models import Operation


def engine_run(module: str, action: str, during: InstanceStatus, after: InstanceStatus) -> OperationKind:
    """Return the kind of operation whose only job is `action`."""
    return OperationKind(
        module=module,
        plan=plans.job(action, 900),
        limit=timedelta(minutes=15),
        instance_during=during,
        instance_after=after,
        instance_failed=InstanceStatus.ERROR,
    )


def accept_run(kind: OperationKind, instance_id: str, caller: Caller, allowed: Collection[InstanceStatus]) -> Operation:
    """Accept the operation on an instance with a host, in one of the `allowed` statuses. Raises NotFound, Busy."""
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, instance_id, kind.lock)
        if instance.status not in allowed or instance.host is None:
            raise not_available("Instance", instance_id, instance.status)
        return accept(session, caller, Order(kind), instance)

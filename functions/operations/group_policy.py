"""A group's failover policy is changed: from then on its primary's writes wait for as many replicas as it says.

The row has the new policy at once, and a failover meanwhile obeys that. Undone: the old policy.
"""

from dataclasses import dataclass
from datetime import timedelta

from datastores.catalog import catalog
from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.framework.operation import OperationKind, Task
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.policy import FailoverMode, FailoverPolicy
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, require
from functions.state.operations.models import Operation


@dataclass(frozen=True)
class Request:
    """The group's policy before the operation."""

    before: FailoverPolicy


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    lock=Lock.MEMBERSHIP,
    plan=(
        Task(
            "admit_members",
            "member.admit",
            undo=(Task("restore_policy", "member.restore_policy"),),
        ),
    ),
    limit=timedelta(minutes=10),
    tells_failure=True,
)


def accept_policy(instance: Instance, policy: FailoverPolicy, caller: Caller) -> Operation:
    """Accept another failover policy for the group of an instance, whichever member that is.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is in no group, or the policy wants more replicas than the group has.
    """
    with transaction() as session:
        group = groups.lock_of(session, instance.id)
        if group is None:
            raise BadRequest(f"Instance {instance.id} has no replicas, so that nothing can fail over.")
        primary = lock_instance(session, caller.project_id, str(group.primary_id), OPERATION.lock)
        require(primary, InstanceStatus.ACTIVE, InstanceStatus.BACKUP)
        replicas = len(groups.member_ids(session, group)) - 1
        require_possible(policy, primary.datastore_version_id, replicas)
        request = Request(group.policy)
        groups.set_policy(group, policy)
        return accept(session, caller, Order(OPERATION, request), primary)


def require_possible(policy: FailoverPolicy, version_id: str, replicas: int) -> None:
    """Raise BadRequest if the datastore cannot keep the policy, or if it wants more replicas than there are."""
    if policy.mode != FailoverMode.SYNCHRONOUS:
        return
    datastore = catalog().find(catalog().version_by_id(version_id).datastore)
    if not datastore.largest_quorum:
        raise BadRequest(f"Validation error: instance['failover']['mode'] {datastore.name} knows asynchronous only")
    allowed = min(replicas, datastore.largest_quorum)
    if policy.quorum > allowed:
        raise BadRequest(
            f"Validation error: instance['failover']['quorum'] {policy.quorum} is greater than {allowed}: the group has"
            f" {replicas} replicas, and {datastore.name} waits for at most {datastore.largest_quorum}"
        )

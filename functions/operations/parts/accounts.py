"""Changes of databases, users and root: each operation has one task, which asks the engine for one piece of work. Where
users do not replicate, it asks those of the replicas, too.

Nothing is undone, since lists show what the engine has. The work is sealed in the operation, since it may hold
passwords; the request has the fields that are no secrets.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from datastores.catalog import catalog
from datastores.protocol.message import Done, Work
from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest, StepRefused
from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, OperationKind, Task, find
from functions.operations.parts.sources import lock_with_replicas
from functions.state.database import transaction
from functions.state.groups.models import Role
from functions.state.instances.models import Instance
from functions.state.operations import operations, sealed
from functions.state.operations.acceptance import Caller, Held, Order, accept, lock_instance, require
from functions.state.operations.models import Operation


def change_of_accounts(module: str, change: type[Work[Done]], seconds: int, limit: timedelta) -> OperationKind:
    """Return the kind of operation whose task asks the engine for `change` and fails after `seconds`."""
    return OperationKind(
        module=module,
        plan=(Task(change.action(), "account.change", seconds=seconds, on=On.EACH_MEMBER),),
        limit=limit,
        request=change,
        lock=Lock.ACCOUNTS,
        quick=True,
        tells_failure=True,
    )


def accept_change(kind: OperationKind, instance_id: str, change: Work[Done], caller: Caller) -> Operation:
    """Accept a change of an instance that serves, without changing its status. Raises NotFound, Busy."""
    with transaction() as session:
        instance, *replicas = _lock(session, caller.project_id, instance_id)
        also = [Held(replica) for replica in replicas]
        return accept(session, caller, Order(kind, change, (change,)), instance, also=also)


def change_of(operation: Operation) -> Work[Done]:
    """Return the work that the operation asks the engine for. Raises StepRefused if the operation has ended."""
    kind: type[Work[Done]] | None = find(operation.type).request
    if kind is None:
        raise StepRefused(f"operation {operation.id} ({operation.type}) changes no accounts")
    return sealed.get(operation, kind)


def require_idle(project_id: str, instance_id: str) -> None:
    """Raise NotFound or Busy if a change could not be accepted now."""
    with transaction() as session:
        _lock(session, project_id, instance_id)


def is_changing(instance_id: str) -> bool:
    """Return whether a quick operation is under way on the instance."""
    with transaction() as session:
        return any(find(active.type).quick for active, _held in operations.holding(session, instance_id))


def _lock(session: Session, project_id: str, instance_id: str) -> list[Instance]:
    """Lock the instance, which is returned first, and its replicas if users do not replicate.

    Raises NotFound, Busy; BadRequest: the instance is a replica.
    """
    grouped = select(Instance.datastore_version_id).where(Instance.id == instance_id, Instance.group_id.is_not(None))
    version_id = session.scalar(grouped)
    if version_id is None or catalog().datastore_of(version_id).accounts_replicate:
        held = [lock_instance(session, project_id, instance_id, Lock.ACCOUNTS)]
    else:
        held = lock_with_replicas(session, project_id, instance_id, Lock.ACCOUNTS)
    for instance in held:
        require(instance, InstanceStatus.ACTIVE, InstanceStatus.BACKUP)
    if held[0].role == Role.REPLICA:
        raise BadRequest(f"Instance {instance_id} is a replica: change the databases and users of its source.")
    return held

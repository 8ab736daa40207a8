"""Operations, for the API and the sweep."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from datastores.protocol.turns import Lock
from functions.base.errors import NotFound, StepRefused
from functions.base.statuses import ACTIVE_STATES, OperationState
from functions.framework.operation import find
from functions.state.database import transaction
from functions.state.operations.models import Operation, OperationTarget


def get(project_id: str, operation_id: str) -> Operation:
    """Return the project's operation with its targets, tasks and events. Raises NotFound."""
    with transaction() as session:
        related = [selectinload(part) for part in (Operation.targets, Operation.tasks, Operation.events)]
        operation = session.get(Operation, operation_id, options=related)
    if operation is None or operation.project_id != project_id:
        raise NotFound(f"Operation {operation_id} cannot be found.")
    return operation


def load(operation_id: str) -> Operation:
    """Return the operation of any project with its targets. Raises StepRefused if there is none."""
    with transaction() as session:
        operation = session.get(Operation, operation_id, options=[selectinload(Operation.targets)])
    if operation is None:
        raise StepRefused(f"no operation {operation_id}")
    return operation


@dataclass(frozen=True)
class OperationFilter:
    """Which operations to list; None does not restrict."""

    instance_id: str | None = None
    backup_id: str | None = None
    type: str | None = None
    state: str | None = None
    request_id: str | None = None


def page(project_id: str, limit: int, marker: str | None, which: OperationFilter) -> list[Operation]:
    """Return up to `limit` of the project's operations after `marker`, newest first, with tasks. Raises NotFound."""
    query = select(Operation).where(Operation.project_id == project_id).options(selectinload(Operation.tasks))
    for column, wanted in asdict(which).items():
        if wanted is not None:
            query = query.where(getattr(Operation, column) == wanted)
    with transaction() as session:
        if marker:
            last = session.get(Operation, marker)
            if last is None or last.project_id != project_id:
                raise NotFound(f"Operation {marker} cannot be found.")
            not_newer = Operation.created <= last.created
            query = query.where(not_newer, (Operation.created < last.created) | (Operation.id < marker))
        return list(session.scalars(query.order_by(Operation.created.desc(), Operation.id.desc()).limit(limit)))


def active(older_than: datetime) -> list[Operation]:
    """Return the operations that have not ended and were accepted before `older_than`, oldest first."""
    query = select(Operation).where(Operation.state.in_(ACTIVE_STATES), Operation.created < older_than)
    with transaction() as session:
        return list(session.scalars(query.order_by(Operation.created)))


def holding(session: Session, resource_id: str) -> list[tuple[Operation, Lock]]:
    """Return the operations that hold an instance or a backup now, each with its lock class; quick ones last."""
    query = (
        select(Operation, OperationTarget.held)
        .join(OperationTarget)
        .where(OperationTarget.resource_id == resource_id, OperationTarget.held.is_not(None))
    )
    found = [(operation, Lock(held)) for operation, held in session.execute(query)]
    return sorted(found, key=lambda active: find(active[0].type).quick)


def are_under_way(instance_id: str, but: str) -> bool:
    """Return whether operations besides the one named hold the instance now."""
    with transaction() as session:
        return any(operation.id != but for operation, _lock in holding(session, instance_id))


def of_request(parent: Operation, kind: str, instance_id: str) -> Operation | None:
    """Return the operation of a kind on an instance that another one, whose request id it has, began; None: none."""
    query = select(Operation).where(
        Operation.request_id == parent.request_id,
        Operation.project_id == parent.project_id,
        Operation.type == kind,
        Operation.instance_id == instance_id,
        Operation.created >= parent.created,
    )
    with transaction() as session:
        return session.scalar(query.limit(1))


def count(instance_id: str, kind: str, since: datetime) -> int:
    """Return how many operations of a type were accepted for an instance since then."""
    query = select(func.count()).where(
        Operation.instance_id == instance_id, Operation.type == kind, Operation.created > since
    )
    with transaction() as session:
        return session.scalar(query) or 0


def ended_among(operation_ids: Collection[str], before: datetime) -> set[str]:
    """Return the ids of those operations that ended before then."""
    query = select(Operation.id).where(Operation.id.in_(operation_ids), Operation.ended < before)
    with transaction() as session:
        return set(session.scalars(query))


def failed_since(instance_id: str, kind: str, since: datetime) -> bool:
    """Return whether an operation of that kind on the instance has ended since then without success."""
    query = select(Operation.id).where(
        Operation.instance_id == instance_id,
        Operation.type == kind,
        Operation.ended > since,
        Operation.state != OperationState.SUCCEEDED,
    )
    with transaction() as session:
        return session.scalar(query.limit(1)) is not None

"""Instances of all projects, for administrators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from functions.base.errors import NotFound
from functions.state.database import transaction
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation, OperationTarget


@dataclass(frozen=True)
class InstanceFilter:
    """Which instances to list; None does not restrict."""

    project_id: str | None = None
    deleted: bool | None = None


def get(instance_id: str) -> Instance:
    """Return an instance of any project, also a deleted one. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    return instance


def page(limit: int, marker: str | None, which: InstanceFilter) -> list[Instance]:
    """Return up to `limit` instances after `marker`, in the order of their ids."""
    query = select(Instance)
    if which.project_id is not None:
        query = query.where(Instance.project_id == which.project_id)
    if which.deleted is not None:
        query = query.where(Instance.deleted_at.is_not(None) if which.deleted else Instance.deleted_at.is_(None))
    if marker:
        query = query.where(Instance.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(limit)))


def host_ids(instance_ids: Sequence[str]) -> Mapping[str, str]:
    """Return the id of each instance's newest host, in any phase."""
    query = select(Host.instance_id, Host.id).where(Host.instance_id.in_(instance_ids)).order_by(Host.created)
    with transaction() as session:
        return dict(session.execute(query).tuples().all())


def tasks(instance_ids: Sequence[str]) -> Mapping[str, str]:
    """Return the types of the operations under way by the instance's id."""
    query = (
        select(OperationTarget.resource_id, Operation.type)
        .join(Operation)
        .where(OperationTarget.resource_id.in_(instance_ids), OperationTarget.held.is_not(None))
    )
    with transaction() as session:
        return dict(session.execute(query).tuples().all())

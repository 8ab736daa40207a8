"""Instances of all projects, as administrators read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from functions.runtime.errors import NotFound
from functions.state.database import transaction
from functions.state.models import ACTIVE_STATES, Instance, Operation


@dataclass(frozen=True)
class InstanceFilter:
    """Which instances to list; None does not restrict."""

    project_id: str | None = None
    deleted: bool | None = None


def get(instance_id: str) -> Instance:
    """An instance of any project, also a deleted one. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    return instance


def page(limit: int, marker: str | None, which: InstanceFilter) -> list[Instance]:
    """Instances after `marker`, in the order of their ids: up to `limit`."""
    query = select(Instance)
    if which.project_id is not None:
        query = query.where(Instance.project_id == which.project_id)
    if which.deleted is not None:
        query = query.where(Instance.deleted_at.is_not(None) if which.deleted else Instance.deleted_at.is_(None))
    if marker:
        query = query.where(Instance.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(limit)))


def tasks(instance_ids: Sequence[str]) -> Mapping[str, str]:
    """The types of the operations under way, by their instance."""
    query = select(Operation.instance_id, Operation.type).where(
        Operation.instance_id.in_(instance_ids), Operation.state.in_(ACTIVE_STATES)
    )
    with transaction() as session:
        return {str(instance_id): kind for instance_id, kind in session.execute(query)}

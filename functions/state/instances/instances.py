"""Instances, for the API and steps."""

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from functions.base.errors import NotFound
from functions.state.database import transaction
from functions.state.instances.models import Instance


def get(project_id: str, instance_id: str) -> Instance:
    """Return the project's instance. Raises NotFound."""
    instance = load(instance_id)
    if instance.project_id != project_id:
        raise _not_found(instance_id)
    return instance


def load(instance_id: str) -> Instance:
    """Return the instance of any project. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id)
    if instance is None or instance.deleted_at is not None:
        raise _not_found(instance_id)
    return instance


def lock(session: Session, instance_id: str) -> Instance:
    """Lock the instance, also a deleted one, until the transaction ends and return it. Raises NotFound.

    The host is read after the lock is taken, since a join would return the host as it was before.
    """
    instance = session.get(Instance, instance_id, with_for_update=True, options=[lazyload(Instance.host)])
    if instance is None:
        raise _not_found(instance_id)
    session.refresh(instance, ["host"])
    return instance


def page(project_id: str, limit: int, marker: str | None = None) -> list[Instance]:
    """Return up to `limit` instances of the project after `marker`, in the order of their ids."""
    query = select(Instance).where(Instance.project_id == project_id, Instance.deleted_at.is_(None))
    if marker:
        query = query.where(Instance.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(limit)))


def _not_found(instance_id: str) -> NotFound:
    return NotFound(f"Instance {instance_id} cannot be found.")

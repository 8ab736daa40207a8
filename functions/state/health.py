"""What the health probe looks at, and what it may change: only rows that no operation has."""

from sqlalchemy import ColumnElement, select

from functions.state.acceptance import active_operation
from functions.state.database import transaction
from functions.state.models import ACTIVE_STATES, Instance, InstanceStatus, Operation

HEALTHY = "HEALTHY"
FAILING = "ERROR"


def idle() -> ColumnElement[bool]:
    """The condition of an ACTIVE instance on which nothing is under way."""
    busy = select(Operation.id).where(Operation.instance_id == Instance.id, Operation.state.in_(ACTIVE_STATES))
    return _serving() & ~busy.exists()


def idle_instances() -> list[Instance]:
    """All of these, of every project."""
    with transaction() as session:
        return list(session.scalars(select(Instance).where(idle())))


def record(seen: Instance, healthy: bool) -> bool:
    """Keep what a probe found; True when that is a change.

    Nothing is kept when an operation was accepted since the instance was `seen`: it knows better.
    """
    with transaction() as session:
        instance = session.scalar(select(Instance).where(Instance.id == seen.id, _serving()).with_for_update())
        if instance is None or instance.fence != seen.fence:
            return False
        if active_operation(session, Operation.instance_id == instance.id) is not None:
            return False
        before, instance.operating_status = instance.operating_status, HEALTHY if healthy else FAILING
        return instance.operating_status != before


def _serving() -> ColumnElement[bool]:
    return (Instance.status == InstanceStatus.ACTIVE) & Instance.deleted_at.is_(None)

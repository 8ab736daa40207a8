"""What the health probe looks at and when, and what it may change: only rows that no operation has but a backup."""

from datetime import timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from datastores.protocol.turns import Lock
from functions.operations import kind_of, of_lock
from functions.runtime.clock import now
from functions.state.acceptance import active_operations
from functions.state.database import transaction
from functions.state.models import ACTIVE_STATES, Instance, InstanceStatus, Operation

HEALTHY = "HEALTHY"
BLOCKED = "BLOCKED"
"""The database runs, and does not do its work for its clients: it is full, or lets nobody in."""
FAILING = "ERROR"
INTERVAL = timedelta(seconds=20)
"""Between two looks at an instance: with a run every 20 seconds a dead host is seen in a minute."""
LEASE = timedelta(seconds=60)
"""After which an instance that was claimed, and nothing recorded of it, can be claimed again."""
LONGEST_INTERVAL = timedelta(minutes=10)
"""Between two looks at an instance whose host is silent: the interval doubles with each silence."""


def idle() -> ColumnElement[bool]:
    """The condition of an instance that serves, and on which nothing is under way but perhaps a backup."""
    busy = select(Operation.id).where(
        Operation.instance_id == Instance.id,
        Operation.state.in_(ACTIVE_STATES),
        Operation.type.not_in(of_lock(Lock.COPYING)),
    )
    return _serving() & ~busy.exists()


def claim(limit: int) -> list[Instance]:
    """At most so many of these, of every project, whose time has come: no other run looks at them meanwhile."""
    due = select(Instance).where(idle(), Instance.probe_due <= now()).order_by(Instance.probe_due).limit(limit)
    with transaction() as session:
        found = list(session.scalars(due.with_for_update(skip_locked=True)))
        _plan(session, [instance.id for instance in found], probe_due=now() + LEASE)
        return found


def record(seen: Instance, found: str, *, silent: bool) -> bool:
    """Keep the operating status that a probe found, and when the next one is; True when the status is a change.

    No status is kept when an operation was accepted since the instance was `seen`: it knows better.
    """
    silences = seen.silences + 1 if silent else 0
    wait = min(INTERVAL * 2 ** min(max(silences - 1, 0), 10), LONGEST_INTERVAL)
    with transaction() as session:
        instance = session.scalar(select(Instance).where(Instance.id == seen.id, _serving()).with_for_update())
        if instance is None:
            return False
        _plan(session, [seen.id], probe_due=now() + wait, silences=silences)
        if instance.fence != seen.fence or _changing(session, instance):
            return False
        before, instance.operating_status = instance.operating_status, found
        return instance.operating_status != before


def _changing(session: Session, instance: Instance) -> bool:
    return any(kind_of(active).lock != Lock.COPYING for active in active_operations(session, instance.id))


def _plan(session: Session, instance_ids: list[str], **values: object) -> None:
    """Set when instances are looked at; that does not count as an update of them."""
    which = update(Instance).where(Instance.id.in_(instance_ids))
    session.execute(
        which.values(values | {"updated": Instance.updated}), execution_options={"synchronize_session": False}
    )


def _serving() -> ColumnElement[bool]:
    return Instance.status.in_((InstanceStatus.ACTIVE, InstanceStatus.BACKUP)) & Instance.deleted_at.is_(None)

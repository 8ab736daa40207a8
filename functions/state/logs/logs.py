"""How much of an instance's logs was published.

A publication is in the account of the project that asks for it, tenant's or administrator's, where Trove's clients
look for it.
"""

from dataclasses import dataclass

from datastores.protocol.logs import Position
from functions.state.database import transaction
from functions.state.instances import instances
from functions.state.logs.models import LogPublication


@dataclass(frozen=True)
class Published:
    """How much of a log was published, and in how many objects."""

    position: Position | None = None
    published_bytes: int = 0
    parts: int = 0
    discarded_by: str | None = None


def published(instance_id: str, log: str, account: str) -> Published:
    """Return how much of a log was published to an account."""
    with transaction() as session:
        row = session.get(LogPublication, (instance_id, log, account))
    if row is None:
        return Published()
    return Published(row.position, row.published_bytes, row.parts, row.discarded_by)


def record_published(instance_id: str, log: str, account: str, before: Published, after: Published) -> None:
    """Store that more was published, unless another call has stored a change since `before`."""
    with transaction() as session:
        instances.lock(session, instance_id)
        row = session.get(LogPublication, (instance_id, log, account))
        if row is None:
            row = LogPublication(instance_id=instance_id, log=log, project_id=account, parts=0)
            session.add(row)
        elif (row.position, row.parts, row.discarded_by) != (before.position, before.parts, before.discarded_by):
            return
        row.position, row.published_bytes = after.position, after.published_bytes
        row.parts, row.discarded_by = after.parts, after.discarded_by

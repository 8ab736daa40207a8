"""Replicas that do not follow their primary, and have to be brought back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from datastores.protocol.replication import MemberState
from functions.base.clock import now
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus
from functions.state.database import transaction
from functions.state.groups import groups, standing
from functions.state.groups.models import Group, Role
from functions.state.hosts.models import Host
from functions.state.instances import health
from functions.state.instances.models import Instance
from functions.state.operations.models import OperationTarget


@dataclass(frozen=True)
class Astray:
    """Since when probes have found that a replica does not follow, and why, in words for the tenant."""

    since: datetime
    problem: str

    @property
    def overdue(self) -> bool:
        """Whether it has lasted so long that the replica will not follow again by itself."""
        return self.since <= _overdue()


def look(replica: Instance, member: MemberState | None) -> Astray | None:
    """Return what a probe has found of a replica whose host answered; None: it follows.

    `member` None: its database did not answer. A replica in ERROR counts as astray however it is.
    """
    problem = "its database does not answer"
    if member is not None:
        failed = "an operation on it has failed" if replica.status == InstanceStatus.ERROR else None
        problem = standing.problem_of(member, groups.of(replica).primary_id) or failed or ""
    return Astray(replica.astray_since or now(), problem) if problem else None


def overdue() -> list[Instance]:
    """Return up to `sweep_replicas` idle replicas that have been astray for too long, or are isolated.

    Their primary is HEALTHY.
    """
    primary = aliased(Instance)
    busy = exists().where(OperationTarget.resource_id == Instance.id, OperationTarget.held.is_not(None))
    query = (
        select(Instance)
        .join(Group, Group.id == Instance.group_id)
        .join(primary, primary.id == Group.primary_id)
        .where(
            Instance.deleted_at.is_(None),
            Instance.role == Role.REPLICA,
            or_(Instance.astray_since <= _overdue(), Instance.host.has(Host.isolated)),
            primary.status.in_(health.SERVING),
            primary.operating_status == health.HEALTHY,
            ~busy,
        )
    )
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.astray_since).limit(get_settings().sweep_replicas)))


def _overdue() -> datetime:
    return now() - timedelta(seconds=get_settings().astray_seconds)

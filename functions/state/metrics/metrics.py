"""Figures about instances, backups and operations, counted in SQL when they are asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Executable, func, select
from sqlalchemy.orm import Session, aliased

from functions.base.clock import now
from functions.base.statuses import ACTIVE_STATES
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.groups.models import Role
from functions.state.groups.standing import Standing, standing
from functions.state.instances.models import Instance
from functions.state.operations import totals
from functions.state.operations.models import Operation

SPAN = timedelta(hours=1)
"""Time since their end in which operations count for the durations. The metrics' descriptions state it, too."""

Labels = tuple[str, ...]


@dataclass(frozen=True)
class Durations:
    """How many operations of a type ended within SPAN, and their seconds in total and at most."""

    count: int
    total: float
    longest: float


@dataclass(frozen=True)
class Figures:
    """All figures by their labels."""

    instances: dict[Labels, int]
    """By status, operating status and datastore version id."""
    volume_gb: int
    memory_mb: int
    backups: dict[Labels, int]
    """By status."""
    backup_bytes: dict[Labels, int]
    operations: dict[Labels, int]
    """By type and state; ended operations count also after their removal."""
    durations: dict[Labels, Durations]
    """By type and state."""
    oldest_active_seconds: float
    replicas: dict[Labels, Standing]
    """By id, and id of the source."""


def collect() -> Figures:
    """Count all figures in one read-only transaction."""
    existing, kept = Instance.deleted_at.is_(None), Backup.deleted_at.is_(None)
    kinds = (Instance.status, Instance.operating_status, Instance.datastore_version_id)
    sums = (func.coalesce(func.sum(Instance.volume_size), 0), func.coalesce(func.sum(Instance.memory_mb), 0))
    stored = func.coalesce(func.sum(Backup.size_bytes), 0)
    moment = now()
    with transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        volume_gb, memory_mb = session.execute(select(*sums).where(existing)).one()
        oldest = session.scalar(select(func.min(Operation.created)).where(Operation.state.in_(ACTIVE_STATES)))
        return Figures(
            instances=_grouped(session, select(*kinds, func.count()).where(existing).group_by(*kinds)),
            volume_gb=int(volume_gb),
            memory_mb=int(memory_mb),
            backups=_grouped(session, select(Backup.status, func.count()).where(kept).group_by(Backup.status)),
            backup_bytes=_grouped(session, select(Backup.status, stored).where(kept).group_by(Backup.status)),
            operations=totals.count(session),
            durations=_durations(session, moment - SPAN),
            oldest_active_seconds=(moment - oldest).total_seconds() if oldest else 0.0,
            replicas=_replicas(session),
        )


def _replicas(session: Session) -> dict[Labels, Standing]:
    primary = aliased(Instance)
    pairs = (
        select(Instance, primary)
        .join(primary, (primary.group_id == Instance.group_id) & (primary.role == Role.PRIMARY))
        .where(Instance.role == Role.REPLICA, Instance.deleted_at.is_(None), primary.deleted_at.is_(None))
    )
    found = session.execute(pairs).tuples()
    return {(replica.id, source.id): standing(replica, source) for replica, source in found}


def _grouped(session: Session, query: Executable) -> dict[Labels, int]:
    """Return the rows of a query as numbers by labels; the number is the last column."""
    return {tuple(map(str, row[:-1])): int(row[-1]) for row in session.execute(query)}


def _durations(session: Session, since: datetime) -> dict[Labels, Durations]:
    """Return the durations of operations that ended since then. Python subtracts, since databases differ in that."""
    ended = select(Operation.type, Operation.state, Operation.created, Operation.ended).where(Operation.ended > since)
    found: dict[Labels, Durations] = {}
    for kind, state, created, end in session.execute(ended).tuples():
        seconds = (end - created).total_seconds() if end else 0.0
        old = found.get((kind, state), Durations(0, 0.0, 0.0))
        found[kind, state] = Durations(old.count + 1, old.total + seconds, max(old.longest, seconds))
    return found

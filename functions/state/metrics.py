"""What there is and what goes on, counted in SQL at the moment it is asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Executable, func, select
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.state import operation_totals
from functions.state.database import transaction
from functions.state.models import ACTIVE_STATES, Backup, Instance, Operation

SPAN = timedelta(hours=1)
"""Operations that ended so lately count for the durations."""

Labels = tuple[str, ...]


@dataclass(frozen=True)
class Durations:
    """How many operations of a type ended lately, and how many seconds they took together and at most."""

    count: int
    total: float
    longest: float


@dataclass(frozen=True)
class Figures:
    """The figures by their labels."""

    instances: dict[Labels, int]
    """By status, operating status and datastore version id."""
    volume_gb: int
    memory_mb: int
    backups: dict[Labels, int]
    """By status."""
    backup_bytes: dict[Labels, int]
    operations: dict[Labels, int]
    """By type and state; ended ones count also when they have been removed."""
    durations: dict[Labels, Durations]
    """By type and state."""
    oldest_active_seconds: float


def collect() -> Figures:
    """Count everything, in one transaction that reads only."""
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
            operations=operation_totals.count(session),
            durations=_durations(session, moment - SPAN),
            oldest_active_seconds=(moment - oldest).total_seconds() if oldest else 0.0,
        )


def _grouped(session: Session, query: Executable) -> dict[Labels, int]:
    """Numbers by their labels: a query's rows, with the number last."""
    return {tuple(map(str, row[:-1])): int(row[-1]) for row in session.execute(query)}


def _durations(session: Session, since: datetime) -> dict[Labels, Durations]:
    """Of operations that ended since; their seconds are taken here, as databases differ in subtracting times."""
    ended = select(Operation.type, Operation.state, Operation.created, Operation.ended).where(Operation.ended > since)
    found: dict[Labels, Durations] = {}
    for kind, state, created, end in session.execute(ended).tuples():
        seconds = (end - created).total_seconds() if end else 0.0
        old = found.get((kind, state), Durations(0, 0.0, 0.0))
        found[kind, state] = Durations(old.count + 1, old.total + seconds, max(old.longest, seconds))
    return found

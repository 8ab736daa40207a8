"""Schedules, for the API.

A schedule is a row and a cron trigger in Mistral. `trigger_due` is set while the trigger differs from the row, so that
the sweep can repair what a crash between the two changes left.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.errors import NotFound
from functions.base.ids import new_id
from functions.state.database import transaction
from functions.state.operations.acceptance import Caller
from functions.state.schedules import cron
from functions.state.schedules.models import Schedule


@dataclass(frozen=True)
class NewSchedule:
    """A validated create request."""

    name: str
    instance_id: str
    pattern: str
    description: str | None = None
    full_every: int = 1
    keep_count: int | None = None
    keep_days: int | None = None


def create(request: NewSchedule, caller: Caller) -> Schedule:
    """Create a schedule without its trigger."""
    with transaction() as session:
        schedule = Schedule(
            id=new_id(),
            project_id=caller.project_id,
            user_id=caller.user_id,
            next_run=cron.following(request.pattern, now()),
            trigger_due=True,
            **vars(request),
        )
        session.add(schedule)
        session.flush()
        return schedule


def update(project_id: str, schedule_id: str, changes: Mapping[str, object]) -> Schedule:
    """Change columns of a schedule, but not its trigger; a new pattern counts from now on. Raises NotFound."""
    with transaction() as session:
        schedule = _lock(session, project_id, schedule_id)
        for name, value in changes.items():
            setattr(schedule, name, value)
        if "pattern" in changes:
            schedule.next_run, schedule.trigger_due = cron.following(schedule.pattern, now()), True
        session.flush()
        return schedule


def delete(project_id: str, schedule_id: str) -> Schedule:
    """Mark a schedule as deleted, without removing its trigger. Raises NotFound."""
    with transaction() as session:
        schedule = _lock(session, project_id, schedule_id)
        schedule.deleted_at, schedule.trigger_due = now(), True
        return schedule


def get(project_id: str, schedule_id: str) -> Schedule:
    """Return the project's schedule. Raises NotFound."""
    with transaction() as session:
        return _visible(session.get(Schedule, schedule_id), project_id, schedule_id)


def page(project_id: str, limit: int, marker: str | None, instance_id: str | None) -> list[Schedule]:
    """Return up to `limit` schedules of the project after `marker`, in the order of their ids."""
    query = select(Schedule).where(Schedule.project_id == project_id, Schedule.deleted_at.is_(None))
    if marker is not None:
        query = query.where(Schedule.id > marker)
    if instance_id is not None:
        query = query.where(Schedule.instance_id == instance_id)
    with transaction() as session:
        return list(session.scalars(query.order_by(Schedule.id).limit(limit)))


@contextmanager
def trigger_of(schedule_id: str) -> Iterator[Schedule]:
    """Lock the schedule while the block changes its trigger in Mistral, then mark the trigger as up to date."""
    with transaction() as session:
        schedule = session.get_one(Schedule, schedule_id, with_for_update=True)
        yield schedule
        schedule.trigger_due = False


def _lock(session: Session, project_id: str, schedule_id: str) -> Schedule:
    return _visible(session.get(Schedule, schedule_id, with_for_update=True), project_id, schedule_id)


def _visible(schedule: Schedule | None, project_id: str, schedule_id: str) -> Schedule:
    if schedule is None or schedule.project_id != project_id or schedule.deleted_at is not None:
        raise NotFound(f"Schedule {schedule_id} cannot be found.")
    return schedule

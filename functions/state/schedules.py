"""Schedules as the API reads and writes them.

A schedule is a row and a cron trigger in Mistral; `trigger_due` says that the trigger is not yet as the row says, so
that a crash between the two is made good by the sweep.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.runtime.errors import NotFound
from functions.state import cron
from functions.state.acceptance import Caller
from functions.state.database import transaction
from functions.state.models import Schedule, new_id


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
    """Keep a new schedule; its trigger is still to be made."""
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


def update(project_id: str, schedule_id: str, changes: dict[str, Any]) -> Schedule:
    """Change columns of a schedule; a new pattern counts from now on. Raises NotFound."""
    with transaction() as session:
        schedule = _lock(session, project_id, schedule_id)
        for name, value in changes.items():
            setattr(schedule, name, value)
        if "pattern" in changes:
            schedule.next_run, schedule.trigger_due = cron.following(schedule.pattern, now()), True
        session.flush()
        return schedule


def delete(project_id: str, schedule_id: str) -> Schedule:
    """End a schedule; its trigger is still to be removed. Raises NotFound."""
    with transaction() as session:
        schedule = _lock(session, project_id, schedule_id)
        schedule.deleted_at, schedule.trigger_due = now(), True
        return schedule


def get(project_id: str, schedule_id: str) -> Schedule:
    """The project's schedule. Raises NotFound."""
    with transaction() as session:
        return _visible(session.get(Schedule, schedule_id), project_id, schedule_id)


def page(project_id: str, limit: int, marker: str | None, instance_id: str | None) -> list[Schedule]:
    """The project's schedules after `marker`, in the order of their ids: up to `limit`."""
    query = select(Schedule).where(Schedule.project_id == project_id, Schedule.deleted_at.is_(None))
    if marker is not None:
        query = query.where(Schedule.id > marker)
    if instance_id is not None:
        query = query.where(Schedule.instance_id == instance_id)
    with transaction() as session:
        return list(session.scalars(query.order_by(Schedule.id).limit(limit)))


@contextmanager
def trigger_of(schedule_id: str) -> Iterator[Schedule]:
    """The schedule, locked while its trigger in Mistral is brought in step; after the block it is."""
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

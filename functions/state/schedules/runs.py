"""The runs of schedules: missed runs, and the backups that retention removes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.errors import StepRefused
from functions.base.settings import get_settings
from functions.base.statuses import ACTIVE_STATES, BackupStatus
from functions.state.backups import chains
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from functions.state.schedules import cron
from functions.state.schedules.models import Schedule


def patience() -> timedelta:
    """Return how long a run waits for a busy instance."""
    return timedelta(seconds=get_settings().schedule_patience_seconds)


def caller(schedule: Schedule) -> Caller:
    """Return the caller for a schedule's operations: the user who created the schedule."""
    return Caller(schedule.project_id, schedule.user_id, f"schedule-{schedule.id}")


def is_quiet(schedule_id: str) -> bool:
    """Return whether the schedule's backups have no active operation. Raises StepRefused if the schedule has ended."""
    active = (
        select(Operation.id)
        .join(Backup, Backup.id == Operation.backup_id)
        .where(Backup.schedule_id == schedule_id, Operation.state.in_(ACTIVE_STATES))
    )
    with transaction() as session:
        lock(session, schedule_id)
        return session.scalar(active.limit(1)) is None


@dataclass(frozen=True)
class Retired:
    """The backups that a schedule does not keep any more; deleting one also deletes those that build on it."""

    caller: Caller
    backup_ids: list[str]


def retired(schedule_id: str) -> Retired:
    """Return the backups that the schedule's rules do not keep, and that no kept backup needs.

    A backup is kept if either rule keeps it; the newest always is, and without rules all are. A failed backup is kept
    until there is a newer COMPLETED one. Raises StepRefused if the schedule has ended.
    """
    moment = now()
    with transaction() as session:
        schedule = lock(session, schedule_id)
        query = select(Backup).where(Backup.schedule_id == schedule_id, Backup.deleted_at.is_(None))
        own = list(session.scalars(query.order_by(Backup.created.desc(), Backup.id)))
        unwanted = {backup.id for backup in _unwanted(schedule, own, moment)}
        removable = {
            backup.id
            for backup in own
            if backup.id in unwanted and {member.id for member in chains.descendants(session, backup)} <= unwanted
        }
        tops = [backup.id for backup in own if backup.id in removable and backup.parent_id not in removable]
    return Retired(caller(schedule), tops)


def _unwanted(schedule: Schedule, newest_first: Iterable[Backup], moment: datetime) -> Iterable[Backup]:
    if schedule.keep_count is None and schedule.keep_days is None:
        return
    rank = 0
    for backup in newest_first:
        if backup.status == BackupStatus.COMPLETED:
            rank += 1
            young = schedule.keep_days is not None and backup.created >= moment - timedelta(days=schedule.keep_days)
            if rank > max(schedule.keep_count or 0, 1) and not young:
                yield backup
        elif backup.status in (BackupStatus.FAILED, BackupStatus.DELETE_FAILED) and rank:
            yield backup


def unsettled() -> list[str]:
    """Return the ids of the schedules whose trigger must be created or removed.

    Before that, end the schedules whose instance is deleted, and mark the triggers as lost whose run is long overdue.
    """
    moment = now()
    with transaction() as session:
        _end_orphans(session, moment)
        _note_lost_runs(session, moment)
        session.flush()
        settled = moment - timedelta(seconds=get_settings().schedule_trigger_grace_seconds)
        due = select(Schedule.id).where(Schedule.trigger_due, Schedule.updated < settled)
        return list(session.scalars(due))


def _end_orphans(session: Session, moment: datetime) -> None:
    gone = select(Instance.id).where(Instance.deleted_at.is_not(None))
    orphans = select(Schedule).where(Schedule.deleted_at.is_(None), Schedule.instance_id.in_(gone))
    for schedule in session.scalars(orphans.with_for_update()):
        schedule.deleted_at, schedule.trigger_due = moment, True


def _note_lost_runs(session: Session, moment: datetime) -> None:
    late = select(Schedule).where(Schedule.deleted_at.is_(None), Schedule.next_run < moment - 2 * patience())
    for schedule in session.scalars(late.with_for_update()):
        lost = cron.between(schedule.pattern, schedule.next_run, moment)
        schedule.missed_runs += len(lost)
        schedule.last_error = "Mistral did not start the run; its trigger is created again."
        schedule.next_run, schedule.trigger_due = cron.following(schedule.pattern, moment), True


def lock(session: Session, schedule_id: str) -> Schedule:
    """Lock the schedule until the transaction ends and return it. Raises StepRefused if it has ended."""
    schedule = session.get(Schedule, schedule_id, with_for_update=True)
    if schedule is None or schedule.deleted_at is not None:
        raise StepRefused(f"schedule {schedule_id} has ended")
    return schedule

"""The runs of schedules: those that become due, those that are missed, and what retention removes after them.

Serving a run and accepting its backup is one transaction, so that a run has one backup however often it is called for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.runtime.errors import Busy, NotFound, StepRefused, TroveError
from functions.state import backups, chains, cron
from functions.state.acceptance import Caller
from functions.state.database import transaction
from functions.state.models import (
    ACTIVE_STATES,
    Backup,
    BackupStatus,
    Instance,
    Operation,
    Schedule,
)

EARLY = timedelta(seconds=5)
"""Mistral starts what is due up to two seconds before its time."""
PATIENCE = timedelta(minutes=10)
"""How long a run waits for an instance that is busy."""
SETTLING = timedelta(seconds=30)
"""The request that changes a schedule has so long to bring the trigger in step before the sweep does."""
NAME_KEPT = 230
"""Characters of a schedule's name in those of its backups."""


@dataclass(frozen=True)
class Run:
    """What became of a call for a run: it waits for the instance, or it is served, perhaps by an operation accepted
    just now."""

    waiting: bool = False
    operation: Operation | None = None


def accept_run(schedule_id: str) -> Run:
    """Serve the newest run that is due and not served yet; those before it count as missed.

    Raises:
        StepRefused: the schedule has ended.
    """
    moment = now()
    with transaction() as session:
        schedule = _lock(session, schedule_id)
        runs = cron.between(schedule.pattern, schedule.next_run, moment + EARLY)
        if not runs:
            return Run()
        operation, reason = None, None
        try:
            _, operation = _accept_backup(session, schedule, runs[-1], caller(schedule))
        except TroveError as error:
            if isinstance(error, Busy) and moment < runs[-1] + PATIENCE:
                return Run(waiting=True)
            reason = error.message
        schedule.last_error = reason
        schedule.last_backup_id = operation.backup_id if operation else schedule.last_backup_id
        schedule.missed_runs += len(runs) - (operation is not None)
        schedule.last_run, schedule.next_run = runs[-1], cron.following(schedule.pattern, moment + EARLY)
        return Run(operation=operation)


def accept_now(schedule_id: str, by: Caller) -> tuple[Backup, Operation]:
    """Accept a backup by the schedule's rules, beside its runs. Raises NotFound, Busy, QuotaExceeded."""
    with transaction() as session:
        schedule = session.get(Schedule, schedule_id, with_for_update=True)
        if schedule is None or schedule.project_id != by.project_id or schedule.deleted_at is not None:
            raise NotFound(f"Schedule {schedule_id} cannot be found.")
        backup, operation = _accept_backup(session, schedule, now(), by)
        schedule.last_backup_id = backup.id
        return backup, operation


def _accept_backup(session: Session, schedule: Schedule, run: datetime, by: Caller) -> tuple[Backup, Operation]:
    instance = session.get_one(Instance, schedule.instance_id)
    newest = backups.newest(session, instance, schedule.id)
    links = len(chains.ancestry(session, newest)) if newest else 0
    request = backups.NewBackup(
        name=f"{schedule.name[:NAME_KEPT]} {run:%Y-%m-%d %H:%M}",
        instance_id=schedule.instance_id,
        description=schedule.description,
        incremental=0 < links < schedule.full_every,
        schedule_id=schedule.id,
    )
    return backups.accept_create_in(session, request, by)


def caller(schedule: Schedule) -> Caller:
    """A schedule acts in the name of who made it."""
    return Caller(schedule.project_id, schedule.user_id, f"schedule-{schedule.id}")


def is_quiet(schedule_id: str) -> bool:
    """Whether no backup of the schedule is being made. Raises StepRefused when the schedule has ended."""
    active = (
        select(Operation.id)
        .join(Backup, Backup.id == Operation.backup_id)
        .where(Backup.schedule_id == schedule_id, Operation.state.in_(ACTIVE_STATES))
    )
    with transaction() as session:
        _lock(session, schedule_id)
        return session.scalar(active.limit(1)) is None


@dataclass(frozen=True)
class Retired:
    """Backups that a schedule does not keep any more: deleting each deletes those that build on it."""

    caller: Caller
    backup_ids: list[str]


def retired(schedule_id: str) -> Retired:
    """What the schedule's rules do not keep, and nothing that is kept needs.

    A backup is kept when either rule keeps it; the newest one always is. Without any rule all are. One that failed is
    kept until there is a newer one that did not. Raises StepRefused when the schedule has ended.
    """
    moment = now()
    with transaction() as session:
        schedule = _lock(session, schedule_id)
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
    """The schedules whose trigger is to be made or removed.

    Among them are those with a run so long overdue that the trigger must be lost, and those whose instance is gone,
    which end by this.
    """
    moment = now()
    with transaction() as session:
        _end_orphans(session, moment)
        _note_lost_runs(session, moment)
        session.flush()
        due = select(Schedule.id).where(Schedule.trigger_due, Schedule.updated < moment - SETTLING)
        return list(session.scalars(due))


def _end_orphans(session: Session, moment: datetime) -> None:
    gone = select(Instance.id).where(Instance.deleted_at.is_not(None))
    orphans = select(Schedule).where(Schedule.deleted_at.is_(None), Schedule.instance_id.in_(gone))
    for schedule in session.scalars(orphans.with_for_update()):
        schedule.deleted_at, schedule.trigger_due = moment, True


def _note_lost_runs(session: Session, moment: datetime) -> None:
    late = select(Schedule).where(Schedule.deleted_at.is_(None), Schedule.next_run < moment - 2 * PATIENCE)
    for schedule in session.scalars(late.with_for_update()):
        lost = cron.between(schedule.pattern, schedule.next_run, moment)
        schedule.missed_runs += len(lost)
        schedule.last_error = "The run was not started by Mistral; its trigger is made again."
        schedule.next_run, schedule.trigger_due = cron.following(schedule.pattern, moment), True


def _lock(session: Session, schedule_id: str) -> Schedule:
    schedule = session.get(Schedule, schedule_id, with_for_update=True)
    if schedule is None or schedule.deleted_at is not None:
        raise StepRefused(f"schedule {schedule_id} has ended")
    return schedule

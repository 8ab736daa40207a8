"""Backups by the rules of a schedule.

One transaction marks a run as served and accepts its backup, so that a run called twice has one backup.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.errors import Busy, NotFound, TroveError
from functions.base.settings import get_settings
from functions.operations.backup_create import NewBackup, accept_in
from functions.state.backups import backups, chains
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from functions.state.schedules import cron, runs
from functions.state.schedules.models import Schedule

NAME_KEPT = 230
"""Characters of a schedule's name that the names of its backups begin with; a name has 255 at most."""


@dataclass(frozen=True)
class Run:
    """The result of a call for a run: the run waits for a busy instance, or was served, by `operation` if set."""

    waiting: bool = False
    operation: Operation | None = None


def accept_run(schedule_id: str) -> Run:
    """Serve the newest due run that was not served yet, and count the due runs before it as missed.

    Raises:
        StepRefused: the schedule has ended.
    """
    moment = now()
    until = moment + timedelta(seconds=get_settings().schedule_early_seconds)
    with transaction() as session:
        schedule = runs.lock(session, schedule_id)
        due = cron.between(schedule.pattern, schedule.next_run, until)
        if not due:
            return Run()
        operation, reason = None, None
        try:
            _, operation = _accept_backup(session, schedule, due[-1], runs.caller(schedule))
        except TroveError as error:
            if isinstance(error, Busy) and moment < due[-1] + runs.patience():
                return Run(waiting=True)
            reason = error.message
        schedule.last_error = reason
        schedule.last_backup_id = operation.backup_id if operation else schedule.last_backup_id
        schedule.missed_runs += len(due) - (operation is not None)
        schedule.last_run, schedule.next_run = due[-1], cron.following(schedule.pattern, until)
        return Run(operation=operation)


def accept_now(schedule_id: str, by: Caller) -> tuple[Backup, Operation]:
    """Accept a backup by the schedule's rules outside its runs. Raises NotFound, Busy, QuotaExceeded."""
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
    asked = NewBackup(
        name=f"{schedule.name[:NAME_KEPT]} {run:%Y-%m-%d %H:%M}",
        instance_id=schedule.instance_id,
        description=schedule.description,
        incremental=0 < links < schedule.full_every,
        schedule_id=schedule.id,
    )
    return accept_in(session, asked, by)

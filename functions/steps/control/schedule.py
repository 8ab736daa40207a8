"""The runs of a schedule, its retention, and its trigger in Mistral."""

from functions.base.errors import Busy, NotFound
from functions.base.logs import get_logger
from functions.cloud import cron_triggers
from functions.framework.step import Nothing, StepContext, StepResult, step
from functions.operations import backup_delete
from functions.operations.parts import scheduled_backups
from functions.operations.parts.launch import launch
from functions.state.schedules import runs as schedule_runs
from functions.state.schedules import schedules


class Reconciled(StepResult):
    """How many triggers were created or removed."""

    moved: int


@step("schedule.run", audience="schedule")
def run(_request: Nothing, context: StepContext) -> StepResult:
    """Accept and start the backup of the due run, in the name of the schedule's creator."""
    served = scheduled_backups.accept_run(context.subject)
    if served.operation is not None:
        launch(served.operation)
    return StepResult(done=not served.waiting)


@step("schedule.retain", audience="schedule")
def retain(_request: Nothing, context: StepContext) -> StepResult:
    """Delete the backups that the schedule does not keep, once none of its backups is being made. Skip those in use."""
    if not schedule_runs.is_quiet(context.subject):
        return StepResult(done=False)
    retired = schedule_runs.retired(context.subject)
    for backup_id in retired.backup_ids:
        try:
            launch(backup_delete.accept_delete(backup_id, retired.caller))
        except (Busy, NotFound) as error:
            get_logger().info("backup not deleted yet", backup_id=backup_id, reason=error.message)
    return StepResult()


@step("schedule.reconcile", audience="sweep")
def reconcile(_request: Nothing, _context: StepContext) -> Reconciled:
    """Create or remove the triggers that differ from their schedule after a crash or an error of Mistral."""
    due = schedule_runs.unsettled()
    for schedule_id in due:
        with schedules.trigger_of(schedule_id) as schedule:
            cron_triggers.converge(schedule.id, schedule.pattern if schedule.deleted_at is None else None)
    return Reconciled(moved=len(due))

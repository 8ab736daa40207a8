"""The runs of a schedule, its retention, and its trigger in Mistral."""

from functions.cloud import cron
from functions.launch import launch
from functions.runtime.errors import Busy, NotFound
from functions.runtime.logs import get_logger
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import backups, schedule_runs, schedules


class Reconciled(StepResult):
    """How many triggers were made or removed."""

    moved: int


@step("schedule.run", audience="schedule")
def run(_request: Nothing, context: StepContext) -> StepResult:
    """Accept the backup of the run that is due, in the name of the schedule's owner, and start it."""
    served = schedule_runs.accept_run(context.subject)
    if served.operation is not None:
        launch(served.operation)
    return StepResult(done=not served.waiting)


@step("schedule.retain", audience="schedule")
def retain(_request: Nothing, context: StepContext) -> StepResult:
    """Once no backup of the schedule is being made, delete those that it does not keep; one in use waits its turn."""
    if not schedule_runs.is_quiet(context.subject):
        return StepResult(done=False)
    retired = schedule_runs.retired(context.subject)
    for backup_id in retired.backup_ids:
        try:
            launch(backups.accept_delete(retired.caller.project_id, backup_id, retired.caller))
        except (Busy, NotFound) as error:
            get_logger().info("kept for now", backup_id=backup_id, reason=error.message)
    return StepResult()


@step("schedule.reconcile", audience="sweep")
def reconcile(_request: Nothing, _context: StepContext) -> Reconciled:
    """Make and remove the triggers that a crash, or a Mistral that did not answer, left out of step."""
    due = schedule_runs.unsettled()
    for schedule_id in due:
        with schedules.trigger_of(schedule_id) as schedule:
            cron.converge(schedule.id, schedule.pattern if schedule.deleted_at is None else None)
    return Reconciled(moved=len(due))

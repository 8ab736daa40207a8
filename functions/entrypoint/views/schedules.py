"""JSON objects of schedules."""

from functions.entrypoint.views.common import optional_time, time_text
from functions.state.schedules.models import Schedule


def schedule_view(schedule: Schedule) -> dict[str, object]:
    """Return a schedule; a `next_run` in the past waits for its instance or was missed."""
    return {
        "id": schedule.id,
        "name": schedule.name,
        "description": schedule.description,
        "instance_id": schedule.instance_id,
        "project_id": schedule.project_id,
        "pattern": schedule.pattern,
        "full_every": schedule.full_every,
        "keep_count": schedule.keep_count,
        "keep_days": schedule.keep_days,
        "next_run": time_text(schedule.next_run),
        "last_run": optional_time(schedule.last_run),
        "last_backup_id": schedule.last_backup_id,
        "last_error": schedule.last_error,
        "missed_runs": schedule.missed_runs,
        "created": time_text(schedule.created),
        "updated": time_text(schedule.updated),
    }

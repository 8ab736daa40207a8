"""Schedules (microversion 1.1)."""

from functions.cloud import cron as triggers
from functions.cloud import mistral
from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import offer_of, require_capability
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import ScheduleAction, ScheduleCreate, SchedulesListParametersQuery, ScheduleUpdate
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.views.backups import backup_view
from functions.entrypoint.views.schedules import schedule_view
from functions.launch import launch
from functions.runtime.logs import get_logger
from functions.state import cron, instances, schedule_runs, schedules
from functions.state.models import Instance, Schedule
from functions.state.schedules import NewSchedule

NULLABLE = frozenset({"description", "keep_count", "keep_days"})
"""What null ends; any other null leaves the value as it is."""


def list_schedules(call: Call[None, SchedulesListParametersQuery]) -> Reply:
    """A page of the project's schedules."""
    size, query = page_size(call.query.limit), call.query
    marker, instance_id = _normal(query.marker), _normal(query.instance_id)
    rows = schedules.page(call.identity.project_id, size + 1, marker, instance_id)
    page = cut(rows, size, lambda schedule: schedule.id)
    shown = [schedule_view(schedule) for schedule in page.items]
    return {"schedules": shown} | links(call.place, "schedules", page.next_marker)


def show_schedule(call: AnyCall) -> Reply:
    """A schedule by its id. Raises NotFound."""
    return {"schedule": schedule_view(schedules.get(call.identity.project_id, _id(call)))}


def create_schedule(call: Call[ScheduleCreate, None]) -> Reply:
    """Make a schedule for an instance.

    Raises:
        BadRequest: the pattern has no times.
        NotFound: no such instance.
        NotSupported: its datastore cannot make such backups.
    """
    asked = call.body.schedule
    instance = instances.get(call.identity.project_id, require_id("Instance", asked.instance))
    full_every = asked.full_every or 1
    cron.check(asked.pattern)
    _require_increments(instance, full_every)
    request = NewSchedule(
        name=asked.name,
        instance_id=instance.id,
        pattern=asked.pattern,
        description=asked.description,
        full_every=full_every,
        keep_count=asked.keep_count,
        keep_days=asked.keep_days,
    )
    schedule = schedules.create(request, call.caller)
    _settle(schedule)
    return {"schedule": schedule_view(schedule)}


def update_schedule(call: Call[ScheduleUpdate, None]) -> Reply:
    """Change what is named. Raises BadRequest, NotFound, NotSupported as for a new one."""
    project_id, asked = call.identity.project_id, call.body.schedule
    named = {name: getattr(asked, name) for name in asked.model_fields_set}
    changes = {name: value for name, value in named.items() if value is not None or name in NULLABLE}
    if "pattern" in changes:
        cron.check(changes["pattern"])
    schedule = schedules.get(project_id, _id(call))
    _require_increments(instances.get(project_id, schedule.instance_id), changes.get("full_every", schedule.full_every))
    schedule = schedules.update(project_id, schedule.id, changes)
    _settle(schedule)
    return {"schedule": schedule_view(schedule)}


def delete_schedule(call: AnyCall) -> Reply:
    """End a schedule. Raises NotFound."""
    _settle(schedules.delete(call.identity.project_id, _id(call)))
    return None


def act_on_schedule(call: Call[ScheduleAction, None]) -> Reply:
    """Accept a backup by the schedule's rules, beside its times. Raises NotFound, Busy, QuotaExceeded."""
    backup, operation = schedule_runs.accept_now(_id(call), call.caller)
    launch(operation)
    return {"backup": backup_view(backup, offer_of(backup.datastore_version_id), call.minor)}


def _require_increments(instance: Instance, full_every: int) -> None:
    require_capability(offer_of(instance.datastore_version_id), "backup" if full_every == 1 else "incremental_backup")


def _settle(schedule: Schedule) -> None:
    """Bring the trigger in step; when Mistral cannot be had, the sweep does it."""
    if not schedule.trigger_due:
        return
    try:
        with schedules.trigger_of(schedule.id) as locked:
            triggers.converge(locked.id, locked.pattern if locked.deleted_at is None else None)
    except (mistral.MistralUnavailable, mistral.MistralRefused) as error:
        get_logger().error("trigger not in step; the sweep will do it", schedule_id=schedule.id, reason=error.message)


def _normal(identifier: str | None) -> str | None:
    return None if identifier is None else require_id("Schedule", identifier)


def _id(call: AnyCall) -> str:
    return require_id("Schedule", call.match.parameters["schedule_id"])


HANDLERS: Handlers = {
    "list": list_schedules,
    "show": show_schedule,
    "create": create_schedule,
    "update": update_schedule,
    "delete": delete_schedule,
    "action": act_on_schedule,
}

"""Schedules (microversion 1.1)."""

from functions.base.logs import get_logger
from functions.cloud import cron_triggers as triggers
from functions.cloud import mistral
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.ids import optional_id, require_id
from functions.entrypoint.models import ScheduleAction, ScheduleCreate, SchedulesListParametersQuery, ScheduleUpdate
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.version_catalog import entry_of, require_capability
from functions.entrypoint.views.backups import backup_view
from functions.entrypoint.views.schedules import schedule_view
from functions.operations.parts import scheduled_backups
from functions.operations.parts.launch import launch
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.schedules import cron, schedules
from functions.state.schedules.models import Schedule
from functions.state.schedules.schedules import NewSchedule

NULLABLE = frozenset({"description", "keep_count", "keep_days"})
"""Attributes that null clears; null leaves any other attribute unchanged."""


def list_schedules(request: ApiRequest[None, SchedulesListParametersQuery]) -> ResponseBody:
    """List a page of the project's schedules."""
    size, query = page_size(request.query.limit), request.query
    marker, instance_id = optional_id("Schedule", query.marker), optional_id("Schedule", query.instance_id)
    rows = schedules.page(request.identity.project_id, size + 1, marker, instance_id)
    page = cut(rows, size, lambda schedule: schedule.id)
    shown = [schedule_view(schedule) for schedule in page.items]
    return {"schedules": shown} | links(request.url, "schedules", page.next_marker)


def show_schedule(request: AnyRequest) -> ResponseBody:
    """Show a schedule. Raises NotFound."""
    return {"schedule": schedule_view(schedules.get(request.identity.project_id, _id(request)))}


def create_schedule(request: ApiRequest[ScheduleCreate, None]) -> ResponseBody:
    """Create a schedule for an instance.

    Raises:
        BadRequest: the pattern is invalid or never matches.
        NotFound: no such instance.
        NotSupported: the instance's datastore cannot make such backups.
    """
    asked = request.body.schedule
    instance = instances.get(request.identity.project_id, require_id("Instance", asked.instance))
    full_every = asked.full_every or 1
    cron.check(asked.pattern)
    _require_increments(instance, full_every)
    new = NewSchedule(
        name=asked.name,
        instance_id=instance.id,
        pattern=asked.pattern,
        description=asked.description,
        full_every=full_every,
        keep_count=asked.keep_count,
        keep_days=asked.keep_days,
    )
    schedule = schedules.create(new, request.caller)
    _update_trigger(schedule)
    return {"schedule": schedule_view(schedule)}


def update_schedule(request: ApiRequest[ScheduleUpdate, None]) -> ResponseBody:
    """Change the named attributes. Raises BadRequest, NotFound, NotSupported for the reasons of `create_schedule`."""
    project_id, asked = request.identity.project_id, request.body.schedule
    named = {name: getattr(asked, name) for name in asked.model_fields_set}
    changes = {name: value for name, value in named.items() if value is not None or name in NULLABLE}
    if "pattern" in changes:
        cron.check(changes["pattern"])
    schedule = schedules.get(project_id, _id(request))
    _require_increments(instances.get(project_id, schedule.instance_id), changes.get("full_every", schedule.full_every))
    schedule = schedules.update(project_id, schedule.id, changes)
    _update_trigger(schedule)
    return {"schedule": schedule_view(schedule)}


def delete_schedule(request: AnyRequest) -> ResponseBody:
    """Delete a schedule. Raises NotFound."""
    _update_trigger(schedules.delete(request.identity.project_id, _id(request)))
    return None


def act_on_schedule(request: ApiRequest[ScheduleAction, None]) -> ResponseBody:
    """Accept a backup by the schedule's rules now. Raises NotFound, Busy, QuotaExceeded."""
    backup, operation = scheduled_backups.accept_now(_id(request), request.caller)
    launch(operation)
    return {"backup": backup_view(backup, entry_of(backup.datastore_version_id), request.minor)}


def _require_increments(instance: Instance, full_every: int) -> None:
    require_capability(entry_of(instance.datastore_version_id), "backup" if full_every == 1 else "incremental_backup")


def _update_trigger(schedule: Schedule) -> None:
    """Create, change or delete the schedule's cron trigger; if Mistral does not, the sweep does it later."""
    if not schedule.trigger_due:
        return
    try:
        with schedules.trigger_of(schedule.id) as locked:
            triggers.converge(locked.id, locked.pattern if locked.deleted_at is None else None)
    except (mistral.MistralUnavailable, mistral.MistralRefused) as error:
        get_logger().error("trigger not in step; the sweep will do it", schedule_id=schedule.id, reason=error.message)


def _id(request: AnyRequest) -> str:
    return require_id("Schedule", request.match.parameters["schedule_id"])


HANDLERS: Handlers = {
    "list": list_schedules,
    "show": show_schedule,
    "create": create_schedule,
    "update": update_schedule,
    "delete": delete_schedule,
    "action": act_on_schedule,
}

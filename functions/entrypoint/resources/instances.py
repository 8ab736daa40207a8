"""Instances."""

from collections.abc import Callable
from typing import Any

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import offer_of
from functions.entrypoint.ids import require_id
from functions.entrypoint.launch import launch
from functions.entrypoint.models import (
    InstanceAction,
    InstanceCreate,
    InstancesDetailParametersQuery,
    InstancesListBackupsParametersQuery,
    InstancesListParametersQuery,
)
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.backups import backup_page
from functions.entrypoint.resources.new_instance import new_instance
from functions.entrypoint.views.instances import Viewer, instance_detail, instance_view
from functions.state import instances
from functions.state.backups import BackupFilter
from functions.state.models import Instance

View = Callable[..., dict[str, object]]


def list_instances(call: Call[None, InstancesListParametersQuery]) -> Reply:
    """A page of the project's instances."""
    return _page(call, instance_view)


def list_details(call: Call[None, InstancesDetailParametersQuery]) -> Reply:
    """The same with details."""
    return _page(call, instance_detail)


def show_instance(call: AnyCall) -> Reply:
    """An instance by its id. Raises NotFound."""
    return {"instance": _detail(call, instances.get(call.identity.project_id, _id(call)))}


def create_instance(call: Call[InstanceCreate, None]) -> Reply:
    """Accept a new instance, empty or restored from a backup; see `new_instance` for the rules."""
    request = new_instance(call.body.instance, call.identity.project_id)
    instance, operation = instances.accept_create(request, call.caller)
    launch(operation)
    return {"instance": _detail(call, instance)}


def delete_instance(call: AnyCall) -> Reply:
    """Accept the deletion of an instance. Raises NotFound, Busy."""
    launch(instances.accept_delete(call.identity.project_id, _id(call), call.caller))
    return None


def act_on_instance(call: Call[InstanceAction, None]) -> Reply:
    """Accept a restart, the one action so far. Raises NotFound, Busy."""
    launch(instances.accept_restart(call.identity.project_id, _id(call), call.caller))
    return None


def list_backups(call: Call[None, InstancesListBackupsParametersQuery]) -> Reply:
    """The backups of an instance that exists. Raises NotFound."""
    project_id = call.identity.project_id
    instance = instances.get(project_id, _id(call))
    return backup_page(call, project_id, BackupFilter(instance_id=instance.id))


def _page(call: Call[None, Any], view: View) -> Reply:
    """Pages follow the order of the ids; within a page the newest comes first, as in Trove."""
    size = page_size(call.query.limit)
    marker = require_id("Instance", call.query.marker) if call.query.marker else None
    page = cut(instances.page(call.identity.project_id, size + 1, marker), size, lambda instance: instance.id)
    newest_first = sorted(page.items, key=lambda instance: instance.created, reverse=True)
    shown = [view(instance, offer_of(instance.datastore_version_id), _viewer(call)) for instance in newest_first]
    return {"instances": shown} | links(call.place, "instances", page.next_marker)


def _detail(call: AnyCall, instance: Instance) -> dict[str, object]:
    return instance_detail(instance, offer_of(instance.datastore_version_id), _viewer(call))


def _viewer(call: AnyCall) -> Viewer:
    return Viewer(call.project_url, call.identity.is_admin)


def _id(call: AnyCall) -> str:
    return require_id("Instance", call.match.parameters["instance_id"])


HANDLERS: Handlers = {
    "list": list_instances,
    "detail": list_details,
    "show": show_instance,
    "create": create_instance,
    "delete": delete_instance,
    "action": act_on_instance,
    "list_backups": list_backups,
}

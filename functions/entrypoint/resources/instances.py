"""Instances."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import assortment, offer_of
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import (
    InstanceCreate,
    InstancesDetailParametersQuery,
    InstancesListBackupsParametersQuery,
    InstancesListParametersQuery,
)
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.backups import backup_page
from functions.entrypoint.resources.instance_action import act_on_instance
from functions.entrypoint.resources.instance_configuration import show_default
from functions.entrypoint.resources.instance_target import instance_id_of, owner_of
from functions.entrypoint.resources.instance_update import MARKS_SINCE, update_instance
from functions.entrypoint.resources.new_instance import new_instance
from functions.entrypoint.resources.viewer import viewer_of
from functions.entrypoint.views.instances import instance_detail, instance_view
from functions.launch import launch
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
    return {"instance": _detail(call, instances.get(owner_of(call), instance_id_of(call)))}


def create_instance(call: Call[InstanceCreate, None]) -> Reply:
    """Accept a new instance, empty or restored from a backup; see `new_instance` for the rules."""
    request = new_instance(call.body.instance, call.identity.project_id, assortment())
    if call.minor < MARKS_SINCE:
        request = replace(request, deletion_protection=False, tags=[])
    instance, operation = instances.accept_create(request, call.caller)
    launch(operation)
    return {"instance": _detail(call, instance)}


def delete_instance(call: AnyCall) -> Reply:
    """Accept the deletion of an instance. Raises NotFound, Busy, Conflict (it is protected)."""
    owner = owner_of(call)
    launch(instances.accept_delete(owner, instance_id_of(call), replace(call.caller, project_id=owner)))
    return None


def list_backups(call: Call[None, InstancesListBackupsParametersQuery]) -> Reply:
    """The backups of an instance that exists. Raises NotFound."""
    project_id = owner_of(call)
    instance = instances.get(project_id, instance_id_of(call))
    return backup_page(call, project_id, BackupFilter(instance_id=instance.id))


def _page(call: Call[None, Any], view: View) -> Reply:
    """Pages follow the order of the ids; within a page the newest comes first, as in Trove."""
    size = page_size(call.query.limit)
    marker = require_id("Instance", call.query.marker) if call.query.marker else None
    page = cut(instances.page(call.identity.project_id, size + 1, marker), size, lambda instance: instance.id)
    newest_first = sorted(page.items, key=lambda instance: instance.created, reverse=True)
    viewer = viewer_of(call, newest_first)
    shown = [view(instance, offer_of(instance.datastore_version_id), viewer) for instance in newest_first]
    return {"instances": shown} | links(call.place, "instances", page.next_marker)


def _detail(call: AnyCall, instance: Instance) -> dict[str, object]:
    return instance_detail(instance, offer_of(instance.datastore_version_id), viewer_of(call, [instance]))


HANDLERS: Handlers = {
    "list": list_instances,
    "detail": list_details,
    "show": show_instance,
    "create": create_instance,
    "delete": delete_instance,
    "show_configuration": show_default,
    "update": update_instance,
    "edit": update_instance,
    "action": act_on_instance,
    "list_backups": list_backups,
}

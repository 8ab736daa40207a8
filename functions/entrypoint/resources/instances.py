"""Instances."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
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
from functions.entrypoint.resources.instance_owner import instance_id_of, owner_of
from functions.entrypoint.resources.instance_update import MARKS_SINCE, update_instance
from functions.entrypoint.resources.new_instance import new_instance
from functions.entrypoint.resources.new_replica import new_policy, new_replica
from functions.entrypoint.resources.ssl import forget_secrets
from functions.entrypoint.resources.view_context import view_context_of
from functions.entrypoint.version_catalog import entry_of, version_catalog
from functions.entrypoint.views.instances import instance_detail, instance_view
from functions.operations import instance_create, instance_delete, instance_restore, replica_create
from functions.operations.parts.launch import launch
from functions.operations.parts.new_instances import NewInstance
from functions.state.backups.backups import BackupFilter
from functions.state.instances import instances
from functions.state.instances.models import Instance

View = Callable[..., dict[str, object]]


def list_instances(request: ApiRequest[None, InstancesListParametersQuery]) -> ResponseBody:
    """List a page of the project's instances."""
    return _page(request, instance_view)


def list_details(request: ApiRequest[None, InstancesDetailParametersQuery]) -> ResponseBody:
    """List a page of the project's instances with their details."""
    return _page(request, instance_detail)


def show_instance(request: AnyRequest) -> ResponseBody:
    """Show an instance. Raises NotFound."""
    return {"instance": _detail(request, instances.get(owner_of(request), instance_id_of(request)))}


def create_instance(request: ApiRequest[InstanceCreate, None]) -> ResponseBody:
    """Accept a new instance, empty or restored from a backup, or replicas of one.

    The rules are those of the modules `new_instance` and `new_replica`.
    """
    if request.body.instance.replica_of:
        return _create_replicas(request)
    new, backup = new_instance(request.body.instance, request.identity.project_id, version_catalog())
    new = _unmarked(request, new)
    if backup is None:
        instance, operation = instance_create.accept_create(new, request.caller)
    else:
        instance, operation = instance_restore.accept_restore(new, backup.id, request.caller)
    launch(operation)
    return {"instance": _detail(request, instance)}


def _create_replicas(request: ApiRequest[InstanceCreate, None]) -> ResponseBody:
    asked = request.body.instance
    new, source = new_replica(asked, request.identity.project_id)
    count = asked.replica_count or 1
    policy = new_policy(asked, source, request.minor)
    instance, operation = replica_create.accept_replicas(
        source.id, _unmarked(request, new), count, request.caller, policy
    )
    launch(operation)
    return {"instance": _detail(request, instance)}


def _unmarked(request: AnyRequest, new: NewInstance) -> NewInstance:
    """Return the new instance without what the request's microversion does not have."""
    return new if request.minor >= MARKS_SINCE else replace(new, deletion_protection=False, tags=[])


def delete_instance(request: AnyRequest) -> ResponseBody:
    """Accept the deletion of an instance. Raises NotFound, Busy; Conflict: it has deletion protection."""
    owner = owner_of(request)
    instance = instances.get(owner, instance_id_of(request))
    launch(instance_delete.accept_delete(instance.id, replace(request.caller, project_id=owner)))
    forget_secrets(request, instance)
    return None


def list_backups(request: ApiRequest[None, InstancesListBackupsParametersQuery]) -> ResponseBody:
    """List a page of an instance's backups. Raises NotFound."""
    project_id = owner_of(request)
    instance = instances.get(project_id, instance_id_of(request))
    return backup_page(request, project_id, BackupFilter(instance_id=instance.id))


def _page(request: ApiRequest[None, Any], view: View) -> ResponseBody:
    """Return a page of instances. Pages are ordered by id, the instances of a page newest first, as in Trove."""
    size = page_size(request.query.limit)
    marker = require_id("Instance", request.query.marker) if request.query.marker else None
    page = cut(instances.page(request.identity.project_id, size + 1, marker), size, lambda instance: instance.id)
    newest_first = sorted(page.items, key=lambda instance: instance.created, reverse=True)
    context = view_context_of(request, newest_first)
    shown = [view(instance, entry_of(instance.datastore_version_id), context) for instance in newest_first]
    return {"instances": shown} | links(request.url, "instances", page.next_marker)


def _detail(request: AnyRequest, instance: Instance) -> dict[str, object]:
    return instance_detail(instance, entry_of(instance.datastore_version_id), view_context_of(request, [instance]))


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

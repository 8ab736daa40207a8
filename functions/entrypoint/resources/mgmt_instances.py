"""Instances of all projects, for administrators."""

from collections.abc import Callable, Mapping, Sequence

from functions.base.errors import NotSupported
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import MgmtInstanceAction, MgmtInstancesListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.instance_action import require_one
from functions.entrypoint.resources.instance_owner import instance_id_of, on_behalf_of_owner
from functions.entrypoint.resources.view_context import view_context_of
from functions.entrypoint.version_catalog import entry_of
from functions.entrypoint.views.mgmt_instances import mgmt_instance_view
from functions.operations import instance_restart, instance_stop
from functions.operations.parts.launch import launch
from functions.state.instances import management, marks
from functions.state.instances.management import InstanceFilter
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

TRUE_TEXTS = ("true", "True", "1")
"""Values of a query parameter that mean true."""


def list_instances(request: ApiRequest[None, MgmtInstancesListParametersQuery]) -> ResponseBody:
    """List a page of instances, with deleted ones unless the query excludes them."""
    query, size = request.query, page_size(request.query.limit)
    marker = require_id("Instance", query.marker) if query.marker else None
    deleted = None if query.deleted is None else query.deleted in TRUE_TEXTS
    rows = management.page(size + 1, marker, InstanceFilter(query.project_id, deleted))
    page = cut(rows, size, lambda instance: instance.id)
    newest_first = sorted(page.items, key=lambda instance: instance.created, reverse=True)
    return {"instances": _views(request, newest_first)} | links(request.url, "instances", page.next_marker)


def show_instance(request: AnyRequest) -> ResponseBody:
    """Show an instance of any project. Raises NotFound."""
    return {"instance": _views(request, [management.get(instance_id_of(request))])[0]}


def act_on_instance(request: ApiRequest[MgmtInstanceAction, None]) -> ResponseBody:
    """Accept an action. Raises BadRequest, NotFound, Busy, NotSupported."""
    caller = on_behalf_of_owner(request)
    name = require_one("action", request.body.model_fields_set)
    if name not in ACTIONS:
        raise NotSupported(f"The action '{name}' is not supported: hosts are Heat's.")
    operation = ACTIONS[name](instance_id_of(request), caller)
    if operation is not None:
        launch(operation)
    return None


def _reset_task_status(instance_id: str, _caller: Caller) -> None:
    marks.reset_to_idle(instance_id)


ACTIONS: Mapping[str, Callable[[str, Caller], Operation | None]] = {
    "stop": instance_stop.accept_stop,
    "reboot": instance_restart.accept_restart,
    "reset_task_status": _reset_task_status,
}


def _views(request: AnyRequest, rows: Sequence[Instance]) -> list[dict[str, object]]:
    context = view_context_of(request, rows, is_admin=True)
    ids = [instance.id for instance in rows]
    hosts, tasks = management.host_ids(ids), management.tasks(ids)
    return [
        mgmt_instance_view(
            instance,
            entry_of(instance.datastore_version_id),
            context,
            hosts.get(instance.id, ""),
            tasks.get(instance.id),
        )
        for instance in rows
    ]


HANDLERS: Handlers = {"list": list_instances, "show": show_instance, "action": act_on_instance}

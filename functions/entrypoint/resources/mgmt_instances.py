"""Instances of all projects, for administrators."""

from collections.abc import Callable, Mapping, Sequence

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import offer_of
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import MgmtInstanceAction, MgmtInstancesListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.instance_action import single
from functions.entrypoint.resources.instance_target import instance_id_of, on_behalf_of_owner
from functions.entrypoint.resources.viewer import viewer_of
from functions.entrypoint.views.mgmt_instances import mgmt_instance_view
from functions.launch import launch
from functions.runtime.errors import NotSupported
from functions.state import instance_changes, instance_marks, instances, mgmt_instances
from functions.state.acceptance import Caller
from functions.state.mgmt_instances import InstanceFilter
from functions.state.models import Instance, Operation

TRUE_TEXTS = ("true", "True", "1")


def list_instances(call: Call[None, MgmtInstancesListParametersQuery]) -> Reply:
    """A page of instances, deleted ones too unless they are filtered out."""
    query, size = call.query, page_size(call.query.limit)
    marker = require_id("Instance", query.marker) if query.marker else None
    deleted = None if query.deleted is None else query.deleted in TRUE_TEXTS
    rows = mgmt_instances.page(size + 1, marker, InstanceFilter(query.project_id, deleted))
    page = cut(rows, size, lambda instance: instance.id)
    newest_first = sorted(page.items, key=lambda instance: instance.created, reverse=True)
    return {"instances": _views(call, newest_first)} | links(call.place, "instances", page.next_marker)


def show_instance(call: AnyCall) -> Reply:
    """An instance of any project. Raises NotFound."""
    return {"instance": _views(call, [mgmt_instances.get(instance_id_of(call))])[0]}


def act_on_instance(call: Call[MgmtInstanceAction, None]) -> Reply:
    """Accept an action. Raises BadRequest, NotFound, Busy, NotSupported."""
    caller = on_behalf_of_owner(call)
    name = single("action", call.body.model_fields_set)
    if name not in ACTIONS:
        raise NotSupported(f"The action '{name}' is not supported: hosts are Heat's.")
    operation = ACTIONS[name](instance_id_of(call), caller)
    if operation is not None:
        launch(operation)
    return None


def _reboot(instance_id: str, caller: Caller) -> Operation:
    return instances.accept_restart(caller.project_id, instance_id, caller)


def _reset_task_status(instance_id: str, _caller: Caller) -> None:
    instance_marks.reset_to_idle(instance_id)


ACTIONS: Mapping[str, Callable[[str, Caller], Operation | None]] = {
    "stop": instance_changes.accept_stop,
    "reboot": _reboot,
    "reset_task_status": _reset_task_status,
}


def _views(call: AnyCall, rows: Sequence[Instance]) -> list[dict[str, object]]:
    viewer = viewer_of(call, rows, is_admin=True)
    tasks = mgmt_instances.tasks([instance.id for instance in rows])
    return [
        mgmt_instance_view(instance, offer_of(instance.datastore_version_id), viewer, tasks.get(instance.id))
        for instance in rows
    ]


HANDLERS: Handlers = {"list": list_instances, "show": show_instance, "action": act_on_instance}

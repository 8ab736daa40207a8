"""Operations (microversion 1.1)."""

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import OperationsListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.views.operations import operation_detail, operation_view
from functions.state import operations
from functions.state.operations import OperationFilter


def list_operations(call: Call[None, OperationsListParametersQuery]) -> Reply:
    """The project's operations, newest first. Raises NotFound: no operation `marker`."""
    size = page_size(call.query.limit)
    query = call.query
    instance_id, backup_id = _normal(query.instance_id), _normal(query.backup_id)
    which = OperationFilter(instance_id, backup_id, query.type, query.state, query.request_id)
    rows = operations.page(call.identity.project_id, size + 1, _normal(query.marker), which)
    page = cut(rows, size, lambda operation: operation.id)
    shown = [operation_view(operation) for operation in page.items]
    return {"operations": shown} | links(call.place, "operations", page.next_marker)


def show_operation(call: AnyCall) -> Reply:
    """An operation with its steps. Raises NotFound."""
    operation_id = require_id("Operation", call.match.parameters["operation_id"])
    return {"operation": operation_detail(operations.get(call.identity.project_id, operation_id))}


def _normal(identifier: str | None) -> str | None:
    return None if identifier is None else require_id("Operation", identifier)


HANDLERS: Handlers = {"list": list_operations, "show": show_operation}

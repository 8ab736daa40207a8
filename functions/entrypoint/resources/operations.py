"""Operations (microversion 1.1)."""

from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.ids import optional_id, require_id
from functions.entrypoint.models import OperationsListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.views.operations import operation_detail, operation_view
from functions.state.operations import operations
from functions.state.operations.operations import OperationFilter


def list_operations(request: ApiRequest[None, OperationsListParametersQuery]) -> ResponseBody:
    """List a page of the project's operations, newest first. Raises NotFound if there is no operation `marker`."""
    query, size = request.query, page_size(request.query.limit)
    marker = optional_id("Operation", query.marker)
    instance_id, backup_id = optional_id("Operation", query.instance_id), optional_id("Operation", query.backup_id)
    which = OperationFilter(instance_id, backup_id, query.type, query.state, query.request_id)
    rows = operations.page(request.identity.project_id, size + 1, marker, which)
    page = cut(rows, size, lambda operation: operation.id)
    shown = [operation_view(operation) for operation in page.items]
    return {"operations": shown} | links(request.url, "operations", page.next_marker)


def show_operation(request: AnyRequest) -> ResponseBody:
    """Show an operation with its steps. Raises NotFound."""
    operation_id = require_id("Operation", request.match.parameters["operation_id"])
    return {"operation": operation_detail(operations.get(request.identity.project_id, operation_id))}


HANDLERS: Handlers = {"list": list_operations, "show": show_operation}

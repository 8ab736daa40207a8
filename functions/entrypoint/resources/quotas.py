"""Quotas, under the path of management. Every project may see its own."""

from functions.base.errors import NotFound
from functions.entrypoint import policy
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.models import QuotaLimits
from functions.state.quotas import quotas


def show_quotas(request: AnyRequest) -> ResponseBody:
    """Show a project's limits and use. Raises Forbidden if it is another project and the caller no administrator."""
    project_id = request.match.parameters["tenant_id"]
    if project_id != request.identity.project_id:
        policy.enforce("quota:show:all_projects", request.identity)
    shown = [
        {"resource": quota.resource, "in_use": quota.in_use, "reserved": 0, "limit": quota.limit}
        for quota in quotas.show(project_id)
    ]
    return {"quotas": shown}


def update_quotas(request: ApiRequest[QuotaLimits, None]) -> ResponseBody:
    """Set limits of a project. Raises NotFound: no such resource."""
    limits = request.body.quotas
    for resource in limits:
        if resource not in quotas.RESOURCES:
            known = ", ".join(quotas.RESOURCES)
            raise NotFound(f"Quota resource '{resource}' cannot be found: there are {known}.")
    quotas.update(request.match.parameters["tenant_id"], limits)
    return {"quotas": limits}


HANDLERS: Handlers = {"show": show_quotas, "update": update_quotas}

"""Quotas, under the path of management; one's own can be seen by everybody."""

from functions.entrypoint import policy
from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.models import QuotaLimits
from functions.runtime.errors import NotFound
from functions.state import quotas


def show_quotas(call: AnyCall) -> Reply:
    """A project's limits and use. Raises Forbidden: another project's, and the caller is no administrator."""
    project_id = call.match.parameters["tenant_id"]
    if project_id != call.identity.project_id:
        policy.enforce("quota:show:all_projects", call.identity)
    shown = [
        {"resource": quota.resource, "in_use": quota.in_use, "reserved": 0, "limit": quota.limit}
        for quota in quotas.show(project_id)
    ]
    return {"quotas": shown}


def update_quotas(call: Call[QuotaLimits, None]) -> Reply:
    """Set limits of a project. Raises NotFound: no such resource."""
    changes = call.body.quotas
    for resource in changes:
        if resource not in quotas.RESOURCES:
            known = ", ".join(quotas.RESOURCES)
            raise NotFound(f"Quota resource '{resource}' cannot be found: there are {known}.")
    quotas.update(call.match.parameters["tenant_id"], changes)
    return {"quotas": changes}


HANDLERS: Handlers = {"show": show_quotas, "update": update_quotas}

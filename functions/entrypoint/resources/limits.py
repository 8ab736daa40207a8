"""Limits."""

from datetime import UTC, datetime

from functions.entrypoint.api_request import AnyRequest, Handlers, ResponseBody
from functions.entrypoint.rate_limits import Rate, rate_limits
from functions.state.quotas import quotas


def list_limits(request: AnyRequest) -> ResponseBody:
    """List the project's quotas, which clients expect to come first, and its limits of requests."""
    allowed = {f"max_{quota.resource}": quota.limit for quota in quotas.show(request.identity.project_id)}
    rates = [_rate_view(rate) for rate in rate_limits().rates(request.identity.project_id)]
    return {"limits": [{"verb": "ABSOLUTE", **allowed}, *rates]}


def _rate_view(rate: Rate) -> dict[str, object]:
    return {
        "verb": rate.verb,
        "value": rate.value,
        "remaining": rate.remaining,
        "unit": "MINUTE",
        "uri": "*",
        "regex": ".*",
        "nextAvailable": datetime.fromtimestamp(rate.next_available, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


HANDLERS: Handlers = {"list": list_limits}

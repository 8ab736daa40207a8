"""Limits."""

from datetime import UTC, datetime

from functions.entrypoint.call import AnyCall, Handlers, Reply
from functions.entrypoint.rate_limits import Rate, rate_limits
from functions.state import quotas


def list_limits(call: AnyCall) -> Reply:
    """The project's quotas, which clients expect to come first, and its rates of requests."""
    allowed = {f"max_{quota.resource}": quota.limit for quota in quotas.show(call.identity.project_id)}
    rates = [_rate_view(rate) for rate in rate_limits().rates(call.identity.project_id)]
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

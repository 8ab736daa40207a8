"""Limits."""

from functions.entrypoint.call import AnyCall, Handlers, Reply
from functions.state import quotas


def list_limits(_call: AnyCall) -> Reply:
    """The project's quotas; clients take the first item for them."""
    allowed = quotas.limits()
    absolute = {
        "verb": "ABSOLUTE",
        "max_instances": allowed.instances,
        "max_ram": allowed.ram,
        "max_volumes": allowed.volumes,
        "max_backups": allowed.backups,
    }
    return {"limits": [absolute]}


HANDLERS: Handlers = {"list": list_limits}

"""Stop the engine of an instance; its host and data stay.

Nothing is to be undone but a job that still runs.
"""

from functions.base.statuses import InstanceStatus
from functions.operations.parts.engine_runs import accept_run, engine_run
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

OPERATION = engine_run(__name__, "stop", InstanceStatus.SHUTDOWN, InstanceStatus.SHUTDOWN)
_ALLOWED = (InstanceStatus.ACTIVE,)
"""Statuses of an instance that can be stopped."""


def accept_stop(instance_id: str, caller: Caller) -> Operation:
    """Accept the stop of a database; its host and data stay. Raises NotFound, Busy."""
    return accept_run(OPERATION, instance_id, caller, _ALLOWED)

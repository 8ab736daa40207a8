"""Start the engine of an instance that was stopped.

Nothing is to be undone but a job that still runs.
"""

from functions.base.statuses import InstanceStatus
from functions.operations.parts.engine_runs import accept_run, engine_run
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

OPERATION = engine_run(__name__, "start", InstanceStatus.REBOOT, InstanceStatus.ACTIVE)
_ALLOWED = (InstanceStatus.SHUTDOWN,)
"""Statuses of an instance that can be started."""


def accept_start(instance_id: str, caller: Caller) -> Operation:
    """Accept the start of a stopped database. Raises NotFound, Busy."""
    return accept_run(OPERATION, instance_id, caller, _ALLOWED)

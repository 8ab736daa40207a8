"""Restart the engine of an instance.

Nothing is to be undone but a job that still runs.
"""

from functions.base.statuses import InstanceStatus
from functions.operations.parts.engine_runs import accept_run, engine_run
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

OPERATION = engine_run(__name__, "restart", InstanceStatus.REBOOT, InstanceStatus.ACTIVE)
_ALLOWED = (InstanceStatus.ACTIVE, InstanceStatus.SHUTDOWN, InstanceStatus.ERROR)
"""Statuses of an instance that can be restarted."""


def accept_restart(instance_id: str, caller: Caller) -> Operation:
    """Accept a restart of the database, or the start of one that is stopped or in ERROR and was once built.

    Raises:
        NotFound, Busy.
    """
    return accept_run(OPERATION, instance_id, caller, _ALLOWED)

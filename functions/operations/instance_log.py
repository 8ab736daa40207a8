"""Enable, disable, discard or publish a log.

Undone: the engine writes the logs that it wrote before; what was published stays.
"""

from datetime import timedelta

from datastores.protocol.turns import Lock
from functions.operations.kind import OperationKind, Task

OPERATION = OperationKind(
    plan=(
        Task("prepare_publication", "publication.prepare"),
        Task("apply_log", "log.apply", undo=(Task("revert_log", "log.revert"),)),
        Task("publish_log", "log.publish", seconds=3600),
    ),
    limit=timedelta(hours=1),
    lock=Lock.READING,
    quick=True,
)

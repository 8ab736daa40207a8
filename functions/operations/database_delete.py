"""Delete a database of an instance.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.turns import Lock
from functions.operations.kind import OperationKind, Task

OPERATION = OperationKind(
    plan=(Task("delete_database", "database.delete", seconds=7200),),
    limit=timedelta(hours=2),
    lock=Lock.ACCOUNTS,
    quick=True,
    tells_failure=True,
)

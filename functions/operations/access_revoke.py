"""Take databases from a user of an instance.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.turns import Lock
from functions.operations.kind import OperationKind, Task

OPERATION = OperationKind(
    plan=(Task("revoke_access", "access.revoke"),),
    limit=timedelta(minutes=10),
    lock=Lock.ACCOUNTS,
    quick=True,
    tells_failure=True,
)

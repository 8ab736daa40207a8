"""Give users of an instance new names and passwords.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.turns import Lock
from functions.operations.kind import OperationKind, Task

OPERATION = OperationKind(
    plan=(Task("update_users", "user.update"),),
    limit=timedelta(minutes=10),
    lock=Lock.ACCOUNTS,
    quick=True,
    tells_failure=True,
)

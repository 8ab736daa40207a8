"""Take databases from a user of an instance.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("revoke_access", "access.revoke"), timedelta(minutes=10))

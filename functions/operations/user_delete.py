"""Delete a user of an instance.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("delete_user", "user.delete", seconds=7200), timedelta(hours=2))

"""Give users of an instance new names and passwords.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("update_users", "user.update"), timedelta(minutes=10))

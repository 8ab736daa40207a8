"""Create users in an instance and grant them their databases.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("create_users", "user.create", seconds=7200), timedelta(hours=2))

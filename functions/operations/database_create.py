"""Create databases in an instance.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("create_databases", "database.create", seconds=7200), timedelta(hours=2))

"""Let a user of an instance use databases.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("grant_access", "access.grant"), timedelta(minutes=10))

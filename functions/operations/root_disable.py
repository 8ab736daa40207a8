"""Let the tenant's superuser log in to an instance no more.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("disable_root", "root.disable"), timedelta(minutes=10))

"""Let the tenant's superuser log in to an instance with a new password.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from functions.operations.kind import Task, change_of_accounts

OPERATION = change_of_accounts(Task("enable_root", "root.enable"), timedelta(minutes=10))

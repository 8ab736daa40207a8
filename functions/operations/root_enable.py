"""Let the tenant's superuser log in to an instance with a new password.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.accounts import EnableRoot
from functions.operations.parts.accounts import change_of_accounts

OPERATION = change_of_accounts(__name__, EnableRoot, seconds=300, limit=timedelta(minutes=10))

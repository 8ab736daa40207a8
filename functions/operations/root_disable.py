"""Let the tenant's superuser log in to an instance no more.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.accounts import DisableRoot
from functions.operations.parts.accounts import change_of_accounts

OPERATION = change_of_accounts(__name__, DisableRoot, seconds=300, limit=timedelta(minutes=10))

"""Take databases from a user of an instance.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.accounts import Revoke
from functions.operations.parts.accounts import change_of_accounts

OPERATION = change_of_accounts(__name__, Revoke, seconds=300, limit=timedelta(minutes=10))

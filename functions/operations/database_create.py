"""Create databases in an instance.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.accounts import CreateDatabases
from functions.operations.parts.accounts import change_of_accounts

OPERATION = change_of_accounts(__name__, CreateDatabases, seconds=7200, limit=timedelta(hours=2))

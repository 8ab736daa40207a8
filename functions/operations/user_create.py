"""Create users in an instance and grant them their databases.

What the engine then has is what lists show, so nothing is to be undone.
"""

from datetime import timedelta

from datastores.protocol.accounts import CreateUsers
from functions.operations.parts.accounts import change_of_accounts

OPERATION = change_of_accounts(__name__, CreateUsers, seconds=7200, limit=timedelta(hours=2))

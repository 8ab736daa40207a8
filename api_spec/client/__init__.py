"""A client of the database API for programs: typed, on a keystoneauth session.

    from api_spec.client import connect

    database = connect(cloud="demo")
    operation = database.operations.newest(instance_id="2f1...")
    database.operations.wait(operation.id)

It covers what python-troveclient lacks: operations with their timeline, schedules, stop and start, tags, protection.
"""

from api_spec.client.client import Client, connect
from api_spec.client.errors import ClientError, OperationFailed, Refused, ServerTooOld, WaitedTooLong

__all__ = ["Client", "ClientError", "OperationFailed", "Refused", "ServerTooOld", "WaitedTooLong", "connect"]

"""The errors of the client.

ClientError
├── Refused          the service answered with an error
├── ServerTooOld     the service lacks the microversion that a method needs
├── OperationFailed  the operation that a method waited for did not end in SUCCEEDED
└── WaitedTooLong    the operation that a method waited for has not ended in the given time
"""


class ClientError(Exception):
    """Base of all errors of the client."""


class Refused(ClientError):
    """The service answered with an error; `status` is its HTTP status, the text its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ServerTooOld(ClientError):
    """The service lacks the microversion that a method needs."""


class OperationFailed(ClientError):
    """The operation that a method waited for did not end in SUCCEEDED."""


class WaitedTooLong(ClientError):
    """The operation that a method waited for has not ended in the given time. It continues."""

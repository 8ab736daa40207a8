"""What calls of the client raise.

ClientError
├── Refused          the service answered with an error
├── ServerTooOld     the service does not have the microversion that a call needs
├── OperationFailed  an operation that was waited for did not end in SUCCEEDED
└── WaitedTooLong    an operation that was waited for has not ended in the time given
"""


class ClientError(Exception):
    """Base of all errors of the client."""


class Refused(ClientError):
    """The service answered with an error: `status` is the HTTP status, the text is the service's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ServerTooOld(ClientError):
    """The service does not have the microversion that a call needs."""


class OperationFailed(ClientError):
    """An operation that was waited for did not end in SUCCEEDED."""


class WaitedTooLong(ClientError):
    """An operation that was waited for has not ended in the time given; it goes on."""

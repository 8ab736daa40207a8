"""Every error of the product.

    TroveError
    ├── BadRequest            the caller asked for something that cannot be (400)
    ├── Forbidden             the caller may not do this (403)
    ├── NotFound              no such resource in the caller's project (404)
    ├── Conflict              the resource is not in a state for this (409)
    ├── QuotaExceeded         the project's quota, or a size limit, is reached (413)
    ├── Busy                  another operation has the instance or backup (422)
    │   └── BusyForAMoment    a quick operation has it: retry in about a second
    ├── NotRunning            the instance's database is not running (422)
    ├── InvalidValue          a configuration value breaks the rule of its parameter (422)
    ├── NotSupported          the datastore or this release cannot do it (501)
    ├── StepRefused           the operation token or the operation does not allow the call
    │   └── OperationAborted  the operation is being undone: only compensation may run
    ├── StepInvalid           a step does not exist or its input does not fit its model
    ├── StepFailed            the step cannot succeed; a retry does not help
    │   └── EngineRefused     the database refused, in its own words (409)
    │       └── SettingsRefused  the database runs with its old settings
    └── Unavailable           a service or host does not answer now; a retry helps (503)

`retryable` says whether the same call may succeed later; workflows retry exactly those errors. Modules of
`functions.cloud` derive their own errors from `StepFailed` and `Unavailable`.
"""

from typing import ClassVar

__all__ = [
    "BadRequest",
    "Busy",
    "BusyForAMoment",
    "Conflict",
    "EngineRefused",
    "Forbidden",
    "InvalidValue",
    "NotFound",
    "NotRunning",
    "NotSupported",
    "OperationAborted",
    "QuotaExceeded",
    "SettingsRefused",
    "StepFailed",
    "StepInvalid",
    "StepRefused",
    "TroveError",
    "Unavailable",
]


class TroveError(Exception):
    """Base of all errors; `message` is for people and never holds a secret."""

    retryable: ClassVar[bool] = False

    def __init__(self, message: str, details: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}


class BadRequest(TroveError):
    """The request cannot be carried out as it stands."""


class Forbidden(TroveError):
    """The caller is authenticated, but not allowed to do this."""


class NotASource(TroveError):
    """Replicas were asked of an instance that is a replica itself."""


class NotFound(TroveError):
    """The caller's project has no resource of that id."""


class Conflict(TroveError):
    """The resource is not in a state that allows the request."""


class QuotaExceeded(TroveError):
    """The request would exceed a quota or a size limit."""


class Busy(TroveError):
    """Another operation is under way on the resource."""


class BusyForAMoment(Busy):
    """A quick operation is under way on the resource: a retry succeeds in about a second."""


class NotRunning(TroveError):
    """The request needs a running database, and the instance's is not running."""


class InvalidValue(TroveError):
    """A value of a configuration group is outside its parameter's range, or the database refuses it."""


class NotSupported(TroveError):
    """The datastore, or this release, does not support the request."""


class StepRefused(TroveError):
    """The call carries no valid operation token, or its operation is not running."""


class OperationAborted(StepRefused):
    """The operation is being undone: only compensation may run."""


class StepInvalid(TroveError):
    """The step does not exist, or its input does not fit its model."""


class StepFailed(TroveError):
    """The step cannot succeed; `message` is the reason in the user's words."""


class EngineRefused(StepFailed):
    """The database refused the request or failed; `message` is the database's own."""


class SettingsRefused(EngineRefused):
    """The database did not start with the new settings, and runs with the old ones."""


class Unavailable(TroveError):
    """A service or host does not answer; the same call may succeed later."""

    retryable: ClassVar[bool] = True

"""Every error of the product.

    TroveError
    ├── BadRequest            the caller asked for something that cannot be (400)
    ├── Forbidden             the caller may not do this (403)
    ├── NotFound              no such thing in the caller's project (404)
    ├── Conflict              the thing is not in a state for this (409)
    ├── QuotaExceeded         the project's quota, or a size limit, is reached (413)
    ├── Busy                  another operation has the instance or backup (422)
    │   └── BusyForAMoment    a quick one: it is over in about a second
    ├── NotRunning            the instance's database does not run (422)
    ├── InvalidValue          a configuration value breaks the rule of its parameter (422)
    ├── NotSupported          the datastore or this release cannot do it (501)
    ├── StepRefused           the operation token or the operation does not allow the call
    │   └── OperationAborted  the operation is being undone: only compensation may run
    ├── StepInvalid           a step does not exist or its input does not fit its model
    ├── StepFailed            a step did its work and the answer is no; repeating does not help
    │   └── EngineRefused     the database refused, in its own words (409)
    │       └── SettingsRefused  it runs, but with the settings before
    └── Unavailable           something that is needed does not answer now; repeating helps (503)

`retryable` says whether the same call may succeed later; workflows repeat exactly those. Modules of `functions.cloud`
derive their own errors from `StepFailed` and `Unavailable`.
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
    """The caller is known and not allowed."""


class NotFound(TroveError):
    """Nothing of that id in the caller's project."""


class Conflict(TroveError):
    """The resource is not in a state that allows the request."""


class QuotaExceeded(TroveError):
    """A quota or a size limit would be passed."""


class Busy(TroveError):
    """Another operation is under way on the resource."""


class BusyForAMoment(Busy):
    """A quick operation is under way: worth waiting for."""


class NotRunning(TroveError):
    """The database has to run for this, and does not."""


class InvalidValue(TroveError):
    """A value of a configuration group is not one that its parameter can have, or the database refuses it."""


class NotSupported(TroveError):
    """The datastore, or this release, does not offer this."""


class StepRefused(TroveError):
    """The call carries no valid operation token, or its operation is not running."""


class OperationAborted(StepRefused):
    """The operation is being undone."""


class StepInvalid(TroveError):
    """No such step, or an input that does not fit it."""


class StepFailed(TroveError):
    """The step's work cannot succeed; `message` is the reason in the user's words."""


class EngineRefused(StepFailed):
    """The database refused or failed; `message` is its own words."""


class SettingsRefused(EngineRefused):
    """The database did not start with new settings, and runs with those before."""


class Unavailable(TroveError):
    """A service or host does not answer; the same call may succeed later."""

    retryable: ClassVar[bool] = True

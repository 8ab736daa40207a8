"""Errors on the wire: Trove's fault form `{"<fault>": {"code": <status>, "message": "<text>"}}`.

status  fault                 when
400     badRequest            malformed body, a field breaks its rule, unknown flavor or datastore version
401     unauthorized          no token, or an invalid or expired one; management, and the caller is no administrator
403     forbidden             policy denies it, the path names another project, a backup larger than the volume
404     itemNotFound          no such thing in the caller's project, no such path or method
406     notAcceptable         the microversion asked for is not served
409     conflict              the resource is not in a state for it (restore of an unfinished backup), or the database
                              refuses, in its own words
413     overLimit             quota, largest volume, largest request body, rate of requests (with Retry-After)
415     badMediaType          the body is not JSON by its Content-Type
422     unprocessableEntity   the instance or backup is busy; its database does not run; a value is refused
500     instanceFault         a fault of ours; the message gives the request's id and nothing else
501     notImplemented        a part of Trove's API that is not offered
503     serviceUnavailable    Keystone, the state database or a host does not answer; Retry-After says when to try again
"""

from dataclasses import dataclass, field

from functions.runtime import errors

RETRY_AFTER_SECONDS = 5


class Unauthorized(errors.TroveError):
    """There is no valid token; `challenge` is the WWW-Authenticate header that says where to get one."""

    def __init__(self, challenge: str | None = None) -> None:
        super().__init__("The request you have made requires authentication.")
        self.challenge = challenge


class NotAdministrator(errors.TroveError):
    """Management is asked for by somebody who is no administrator."""


class NotAcceptable(errors.TroveError):
    """The microversion is not served."""


class BadMediaType(errors.TroveError):
    """The body is not JSON."""


class RequestTooLarge(errors.TroveError):
    """The body is larger than the service reads."""


class RateLimited(errors.TroveError):
    """The project has sent enough requests by this method in this minute; more may be sent in `seconds`."""

    def __init__(self, verb: str, limit: int, seconds: int) -> None:
        super().__init__(f"This request was rate-limited: repeat it in {seconds} s.")
        self.rule = f"Only {limit} {verb} request(s) can be made to * every minute."
        self.seconds = seconds


FAULTS: dict[type[errors.TroveError], tuple[int, str]] = {
    errors.BadRequest: (400, "badRequest"),
    Unauthorized: (401, "unauthorized"),
    NotAdministrator: (401, "unauthorized"),
    errors.Forbidden: (403, "forbidden"),
    errors.NotFound: (404, "itemNotFound"),
    NotAcceptable: (406, "notAcceptable"),
    errors.Conflict: (409, "conflict"),
    errors.EngineRefused: (409, "conflict"),
    errors.QuotaExceeded: (413, "overLimit"),
    RequestTooLarge: (413, "overLimit"),
    RateLimited: (413, "overLimit"),
    BadMediaType: (415, "badMediaType"),
    errors.Busy: (422, "unprocessableEntity"),
    errors.NotRunning: (422, "unprocessableEntity"),
    errors.InvalidValue: (422, "unprocessableEntity"),
    errors.NotSupported: (501, "notImplemented"),
    errors.Unavailable: (503, "serviceUnavailable"),
}


@dataclass(frozen=True)
class Fault:
    """An error as it is sent."""

    status: int
    name: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    """Further members of the reply's object."""

    def body(self) -> dict[str, object]:
        """The reply's JSON object."""
        return {self.name: {"code": self.status, "message": self.message, **self.more}}


def fault_of(error: errors.TroveError) -> Fault | None:
    """The fault for an error of the product; None for those that no caller is to blame for or can wait out."""
    for kind in type(error).__mro__:
        if kind in FAULTS:
            status, name = FAULTS[kind]
            return Fault(status, name, error.message, _headers(error), _more(error))
    return None


def crash(request_id: str) -> Fault:
    """The fault for a defect: the reason is in the log, under the request's id."""
    return Fault(500, "instanceFault", f"Internal Server Error. Please keep this ID to help us find it: {request_id}.")


def _headers(error: errors.TroveError) -> dict[str, str]:
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if isinstance(error, RateLimited):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, Unauthorized) and error.challenge:
        return {"WWW-Authenticate": error.challenge}
    return {}


def _more(error: errors.TroveError) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"details": error.rule, "retryAfter": str(error.seconds)}
    return {}

"""Error responses, in Trove's form `{"<fault>": {"code": <status>, "message": "<text>"}}`.

status  fault                 when
400     badRequest            malformed body, a field breaks its rule, unknown flavor or datastore version
401     unauthorized          the token is missing, invalid or expired; the caller of management is no administrator;
                          replicas of a replica were asked for (as in Trove)
403     forbidden             policy denies it, the path names another project, a backup larger than the volume
404     itemNotFound          no such resource in the caller's project, no such path or method
406     notAcceptable         the microversion asked for is not served
409     conflict              the resource is not in a state for it (restore of an unfinished backup), or the database
                              refuses, in its own words
413     overLimit             quota, largest volume, largest request body, rate of requests (with Retry-After)
415     badMediaType          the body is not JSON by its Content-Type
422     unprocessableEntity   the instance or backup is busy; its database does not run; a value is refused
500     instanceFault         a defect of the service; the message gives the request's id and nothing else
501     notImplemented        a part of Trove's API that is not offered
503     serviceUnavailable    Keystone, the state database or a host does not answer; Retry-After says when to try again
"""

from dataclasses import dataclass, field

from functions.base import errors

RETRY_AFTER_SECONDS = 5
"""Seconds in the header Retry-After of a 503."""


class Unauthorized(errors.TroveError):
    """The request has no valid token; `challenge` is the WWW-Authenticate header that says where to get one."""

    def __init__(self, challenge: str | None = None) -> None:
        super().__init__("The request you have made requires authentication.")
        self.challenge = challenge


class NotAdministrator(errors.TroveError):
    """The caller of a management path is no administrator."""


class NotAcceptable(errors.TroveError):
    """The requested microversion is not served."""


class BadMediaType(errors.TroveError):
    """The request's Content-Type is not JSON."""


class RequestTooLarge(errors.TroveError):
    """The request's body is larger than `max_request_bytes`."""


class RateLimited(errors.TroveError):
    """The project reached its limit of requests by this method in this minute; the next minute is `seconds` away."""

    def __init__(self, verb: str, limit: int, seconds: int) -> None:
        super().__init__(f"This request was rate-limited: repeat it in {seconds} s.")
        self.rule = f"Only {limit} {verb} request(s) can be made to * every minute."
        self.seconds = seconds


FAULTS: dict[type[errors.TroveError], tuple[int, str]] = {
    errors.BadRequest: (400, "badRequest"),
    Unauthorized: (401, "unauthorized"),
    NotAdministrator: (401, "unauthorized"),
    errors.NotASource: (401, "unauthorized"),
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
    """An error response."""

    status: int
    name: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    """Further members of the JSON object, beside code and message."""

    def body(self) -> dict[str, object]:
        """Return the response's JSON object."""
        return {self.name: {"code": self.status, "message": self.message, **self.details}}


def fault_of(error: errors.TroveError) -> Fault | None:
    """Return the response for an error of the product; None if it is a defect, to be answered with `internal_error`."""
    for kind in type(error).__mro__:
        if kind in FAULTS:
            status, name = FAULTS[kind]
            return Fault(status, name, error.message, _headers(error), _details(error))
    return None


def internal_error(request_id: str) -> Fault:
    """Return the response for a defect. It names the request's id only, under which the log has the traceback."""
    return Fault(500, "instanceFault", f"Internal Server Error. Please keep this ID to help us find it: {request_id}.")


def _headers(error: errors.TroveError) -> dict[str, str]:
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if isinstance(error, RateLimited):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, Unauthorized) and error.challenge:
        return {"WWW-Authenticate": error.challenge}
    return {}


def _details(error: errors.TroveError) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"details": error.rule, "retryAfter": str(error.seconds)}
    return {}

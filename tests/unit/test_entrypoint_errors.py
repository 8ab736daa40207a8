"""Errors on the wire."""

import pytest

from functions.base import errors
from functions.entrypoint import errors as wire


class Derived(errors.Unavailable):
    """As the cloud modules derive their own."""


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (errors.BadRequest("m"), 400, "badRequest"),
        (wire.Unauthorized(), 401, "unauthorized"),
        (errors.Forbidden("m"), 403, "forbidden"),
        (errors.NotFound("m"), 404, "itemNotFound"),
        (wire.NotAcceptable("m"), 406, "notAcceptable"),
        (errors.Conflict("m"), 409, "conflict"),
        (errors.QuotaExceeded("m"), 413, "overLimit"),
        (wire.RequestTooLarge("m"), 413, "overLimit"),
        (wire.BadMediaType("m"), 415, "badMediaType"),
        (errors.Busy("m"), 422, "unprocessableEntity"),
        (errors.NotSupported("m"), 501, "notImplemented"),
        (Derived("m"), 503, "serviceUnavailable"),
    ],
)
def test_fault_table(error: errors.TroveError, status: int, name: str) -> None:
    fault = wire.fault_of(error)
    assert fault is not None
    assert fault.body() == {name: {"code": status, "message": error.message}}
    assert fault.status == status


def test_table_in_the_docstring_is_the_table_in_force() -> None:
    documented = {tuple(line.split()[:2]) for line in (wire.__doc__ or "").splitlines() if line.strip()[:3].isdigit()}
    in_force = {(str(status), name) for status, name in wire.FAULTS.values()} | {("500", "instanceFault")}
    assert documented == in_force


def test_unavailable_says_when_to_try_again() -> None:
    fault = wire.fault_of(Derived("m"))
    assert fault is not None
    assert fault.headers == {"Retry-After": str(wire.RETRY_AFTER_SECONDS)}


def test_unauthorized_says_where_to_get_a_token() -> None:
    fault = wire.fault_of(wire.Unauthorized('Keystone uri="http://k"'))
    assert fault is not None
    assert fault.headers == {"WWW-Authenticate": 'Keystone uri="http://k"'}


def test_defects_have_no_fault_of_their_own_and_reveal_nothing() -> None:
    assert wire.fault_of(errors.StepFailed("inner words")) is None
    assert wire.internal_error("req-1").body() == {
        "instanceFault": {
            "code": 500,
            "message": "Internal Server Error. Please keep this ID to help us find it: req-1.",
        }
    }

"""Negotiation of microversions."""

import pytest

from functions.entrypoint import microversions
from functions.entrypoint.errors import NotAcceptable
from functions.entrypoint.routes import MAXIMUM


@pytest.mark.parametrize(
    ("header", "minor"),
    [
        (None, 0),
        ("", 0),
        ("database 1.0", 0),
        ("database 1.1", 1),
        ("database latest", MAXIMUM),
        ("compute 2.90", 0),
        ("compute 2.90, database 1.1", 1),
    ],
)
def test_accepted(header: str | None, minor: int) -> None:
    assert microversions.negotiate(header) == minor


@pytest.mark.parametrize("header", ["database 1.3", "database 2.0", "database", "database x", "1.1", "database 1.1.1"])
def test_refused(header: str) -> None:
    with pytest.raises(NotAcceptable, match=r"Minimum is 1\.0 and maximum is 1\.2"):
        microversions.negotiate(header)


def test_replies_vary_by_the_header() -> None:
    assert microversions.headers(1) == {"OpenStack-API-Version": "database 1.1", "Vary": "OpenStack-API-Version"}

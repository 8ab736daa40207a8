"""Microversions: the header `OpenStack-API-Version: database 1.N`, as the OpenStack API guidelines define it.

No header, or one that names other services only, means 1.0. A microversion that is not served is 406.
"""

import re

from functions.entrypoint.errors import NotAcceptable
from functions.entrypoint.routes import MAXIMUM

MINIMUM = 0
HEADER = "OpenStack-API-Version"
SERVICE = "database"

_ENTRY = re.compile(r"([a-z][a-z0-9-]*)\s+(latest|[0-9]+\.[0-9]+)", re.ASCII)


def text(minor: int) -> str:
    """Return the version number 1.N."""
    return f"1.{minor}"


def negotiate(header: str | None) -> int:
    """Return the N of the microversion 1.N that the header asks for.

    Raises:
        NotAcceptable: the header is malformed, or its microversion is not served.
    """
    for entry in (header or "").split(","):
        if not entry.strip():
            continue
        match = _ENTRY.fullmatch(entry.strip())
        if match is None:
            raise _not_served(entry.strip())
        if match[1] == SERVICE:
            return _minor(match[2])
    return MINIMUM


def headers(minor: int) -> dict[str, str]:
    """Return the headers of a response that follows 1.N."""
    return {HEADER: f"{SERVICE} {text(minor)}", "Vary": HEADER}


def _minor(version: str) -> int:
    if version == "latest":
        return MAXIMUM
    served = {text(minor): minor for minor in range(MINIMUM, MAXIMUM + 1)}
    if version not in served:
        raise _not_served(version)
    return served[version]


def _not_served(asked: str) -> NotAcceptable:
    return NotAcceptable(
        f"Version '{asked}' is not supported by the API. Minimum is {text(MINIMUM)} and maximum is {text(MAXIMUM)}."
    )

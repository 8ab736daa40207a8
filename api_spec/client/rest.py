"""Requests by the names that the specification gives them; no path is written anywhere else in the client."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api_spec.client.errors import ClientError, Refused, ServerTooOld
from api_spec.client.routes import ROUTES

if TYPE_CHECKING:
    from keystoneauth1.adapter import Adapter

HEADER = "OpenStack-API-Version"
SERVICE = "database"
MAXIMUM = 2
"""N of the newest microversion 1.N that this client speaks."""
PAGE = 100
"""Items that are asked for at once; the service may give fewer."""


class Rest:
    """The API as one project sees it, through a keystoneauth adapter of service type `database`."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._minor: int | None = None

    @property
    def minor(self) -> int:
        """N of the microversion 1.N in use: the newest that both the service and this client speak."""
        if self._minor is None:
            self._minor = min(MAXIMUM, self._newest_served())
        return self._minor

    def call(
        self, operation: str, body: object = None, query: dict[str, Any] | None = None, **path: str
    ) -> dict[str, Any]:
        """Send the request that the specification calls `operation`; return the reply's JSON object ({} without one).

        Raises:
            ServerTooOld: the service's newest microversion does not have the request.
            ClientError: the catalog has no such service.
            Refused: the service answered with an error.
        """
        method, template, since = ROUTES[operation]
        self.require(since, operation)
        parts = {name: quote(value, safe="") for name, value in path.items()}
        reply = self._adapter.request(
            template.format(**parts),
            method,
            params={name: value for name, value in (query or {}).items() if value is not None},
            raise_exc=False,
            headers={HEADER: f"{SERVICE} 1.{self.minor}", "Accept": "application/json"},
            **({} if body is None else {"json": body}),
        )
        if not reply.ok:
            raise Refused(reply.status_code, _words(reply))
        answer: dict[str, Any] = reply.json() if reply.content else {}
        return answer

    def items(
        self, operation: str, key: str, limit: int | None = None, query: dict[str, Any] | None = None, **path: str
    ) -> list[dict[str, Any]]:
        """The items of a list, page after page: all of them, or the first `limit`. Raises as `call`."""
        found: list[dict[str, Any]] = []
        marker = (query or {}).get("marker")
        while limit is None or len(found) < limit:
            asked = PAGE if limit is None else min(PAGE, limit - len(found))
            page = self.call(operation, None, {**(query or {}), "marker": marker, "limit": asked}, **path)
            found += page[key]
            if not page[key] or not page.get(f"{key}_links"):
                break
            marker = page[key][-1]["id"]
        return found if limit is None else found[:limit]

    def require(self, since: int, what: str) -> None:
        """Raises ServerTooOld when the service does not have the microversion 1.`since`, which `what` needs."""
        if self.minor < since:
            raise ServerTooOld(
                f"{what} needs microversion 1.{since} of the database API; this service has 1.{self.minor} at most."
                " Ask its operator for a newer version."
            )

    def _newest_served(self) -> int:
        endpoint = self._adapter.get_endpoint()
        if not endpoint:
            raise ClientError(f"the service catalog has no endpoint of type '{SERVICE}' that this project can see")
        reply = self._adapter.request(_root(endpoint), "GET", authenticated=False, raise_exc=False)
        versions = reply.json().get("versions", []) if reply.ok else []
        texts = [str(version.get("version") or "") for version in versions if version["id"] == "v1.0"]
        match = re.fullmatch(r"1\.(\d+)", texts[0]) if texts else None
        return int(match[1]) if match else 0


def _root(endpoint: str) -> str:
    """The service's root: the endpoint in the catalog ends with /v1.0/{project_id}."""
    return f"{endpoint.partition('/v1.0')[0].rstrip('/')}/"


def _words(reply: Any) -> str:  # noqa: ANN401 - a requests.Response
    """The message of an error: `{"badRequest": {"code": 400, "message": "..."}}`."""
    try:
        (fault,) = reply.json().values()
        return str(fault["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the service answered {reply.status_code} {reply.reason}"

"""Sends requests by their operationId in the specification, so that the client has no path but those of `routes`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api_spec.client.errors import ClientError, Refused, ServerTooOld
from api_spec.client.routes import MAXIMUM, ROUTES

if TYPE_CHECKING:
    from keystoneauth1.adapter import Adapter

Item = dict[str, Any]
"""A resource, or another JSON object, of the service."""
HEADER = "OpenStack-API-Version"
SERVICE = "database"
PAGE = 100
"""Items of a list to request at once; the service may return fewer."""


class Rest:
    """Sends a project's requests through a keystoneauth adapter of service type `database`."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._minor: int | None = None

    @property
    def minor(self) -> int:
        """N of the microversion 1.N in use: the newest that both the service and this client have."""
        if self._minor is None:
            self._minor = min(MAXIMUM, self._newest_served())
        return self._minor

    def call(self, operation: str, body: object = None, query: Item | None = None, **path: str) -> Item:
        """Send the request with the operationId `operation`; return the response's JSON object, {} if it has none.

        Raises:
            ServerTooOld: the service's newest microversion lacks the request.
            ClientError: the service catalog has no database service.
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
            raise Refused(reply.status_code, _message(reply))
        answer: Item = reply.json() if reply.content else {}
        return answer

    def items(
        self, operation: str, key: str, limit: int | None = None, query: Item | None = None, **path: str
    ) -> list[Item]:
        """Return all items of a list, or the first `limit`, requested in pages. Raises the errors of `call`."""
        found: list[Item] = []
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
        """Raise ServerTooOld if the service lacks the microversion 1.`since`, which `what` needs."""
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
    """Return the service's root URL. The endpoint in the service catalog ends with /v1.0/{project_id}."""
    return f"{endpoint.partition('/v1.0')[0].rstrip('/')}/"


def _message(reply: Any) -> str:  # noqa: ANN401 - a requests.Response
    """Return the message of an error, such as `{"badRequest": {"code": 400, "message": "..."}}`."""
    try:
        (fault,) = reply.json().values()
        return str(fault["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the service answered {reply.status_code} {reply.reason}"

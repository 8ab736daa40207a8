"""The Mistral action `trove.request`, which sends a request to the database API with the token of the workflow's owner.

Mistral hides the token from workflows, so `std.http` cannot send it; an action finds it in its context. In a workflow
that a cron trigger started, it is the token of the trust that the tenant gave with the trigger.
"""
# ruff: noqa: ANN401 - Mistral has no types

from typing import Any

import requests
from mistral_lib import actions
from oslo_config import cfg

TIMEOUT_SECONDS = 30
"""Seconds to wait for each response, of Keystone and of the database API."""
SERVICE_TYPE = "database"
FIRST_ERROR_STATUS = 400
NO_RESPONSE = 503
"""Status in the action's error if there is no response."""


class TroveRequest(actions.Action):  # type: ignore[misc]
    """Send a request; the result is the response's JSON, or the error {"status", "message"}.

    Args:
        method: GET, POST, ...
        path: below the project's endpoint, such as /backups.
        body: what to send as JSON.
    """

    def __init__(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.method, self.path, self.body = method, path, body

    def run(self, context: Any) -> Any:
        """Send the request. A failure is returned as the action's error, not raised."""
        try:
            reply = self._send(self._endpoint(context), context.security.auth_token)
        except requests.RequestException as error:
            return self._failed(NO_RESPONSE, f"{type(error).__name__}: the database API or Keystone does not answer")
        if reply.status_code >= FIRST_ERROR_STATUS:
            return self._failed(reply.status_code, reply.text)
        return reply.json() if reply.content else None

    def test(self, _context: Any) -> None:
        """Do nothing: a dry run has no result."""

    def _send(self, endpoint: str, token: str) -> requests.Response:
        return requests.request(
            self.method,
            endpoint.rstrip("/") + self.path,
            json=self.body,
            headers={"X-Auth-Token": token},
            timeout=TIMEOUT_SECONDS,
        )

    def _endpoint(self, context: Any) -> str:
        """Return the public endpoint in the tenant's service catalog."""
        keystone = cfg.CONF.keystone_authtoken.auth_url.rstrip("/").removesuffix("/v3")
        headers = {"X-Auth-Token": context.security.auth_token}
        reply = requests.get(f"{keystone}/v3/auth/catalog", headers=headers, timeout=TIMEOUT_SECONDS)
        reply.raise_for_status()
        region = context.security.region_name or cfg.CONF.keystone_authtoken.region_name
        found: list[str] = [
            endpoint["url"]
            for service in reply.json()["catalog"]
            if service["type"] == SERVICE_TYPE
            for endpoint in service["endpoints"]
            if endpoint["interface"] == "public" and endpoint["region_id"] == (region or endpoint["region_id"])
        ]
        if not found:
            raise requests.RequestException(f"the catalog has no service of type {SERVICE_TYPE}")
        return found[0]

    def _failed(self, status: int, message: str) -> Any:
        return actions.Result(error={"status": status, "message": f"{self.method} {self.path}: {message}"})

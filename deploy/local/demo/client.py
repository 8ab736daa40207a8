"""A tenant's client of the database API: requests, and following an operation to its end."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import HttpError
from keystoneauth1.session import Session
from pydantic import BaseModel

POLL_SECONDS = 0.2
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "NEEDS_OPERATOR"})


class DemoError(Exception):
    """An operation or request of the demonstration did not end well."""


class Step(BaseModel):
    """A line of an operation's timeline."""

    name: str
    state: str
    attempts: int
    started: datetime
    ended: datetime | None = None
    error: str | None = None


class Operation(BaseModel):
    """An operation as the API shows it."""

    id: str
    type: str
    state: str
    created: datetime
    ended: datetime | None = None
    progress: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    steps: list[Step] = []


class Tenant:
    """The API as one project sees it."""

    def __init__(self, session: Session) -> None:
        self._adapter = Adapter(session, service_type="database", interface="public")

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """One request at microversion 1.1; the reply's JSON, or None.

        Raises:
            DemoError: the API refused; its words.
        """
        try:
            reply = self._adapter.request(path, method, json=body, headers={"OpenStack-API-Version": "database 1.1"})
        except HttpError as error:
            words = error.response.text if error.response is not None else error
            raise DemoError(f"{method} {path}: {words}") from error
        return reply.json() if reply.content else None

    def follow(self, resource: dict[str, str], kind: str, show: Callable[[Operation], None]) -> Operation:
        """Poll the newest operation of `kind` on an instance or backup until it ends.

        Raises:
            DemoError: it ended otherwise than in SUCCEEDED.
        """
        while True:
            operation = self._newest(resource, kind)
            show(operation)
            if operation.state in ENDED:
                break
            time.sleep(POLL_SECONDS)
        if operation.state != "SUCCEEDED":
            raise DemoError(f"{kind} ended as {operation.state}: {(operation.error or {}).get('message')}")
        return operation

    def _newest(self, resource: dict[str, str], kind: str) -> Operation:
        query = "&".join(f"{key}={value}" for key, value in resource.items())
        listed = self.request("GET", f"/operations?{query}")["operations"]
        newest = next(operation for operation in listed if operation["type"] == kind)
        return Operation.model_validate(self.request("GET", f"/operations/{newest['id']}")["operation"])

    def named(self, collection: str, prefix: str) -> list[dict[str, Any]]:
        """The resources whose names begin with a prefix."""
        listed: list[dict[str, Any]] = self.request("GET", f"/{collection}")[collection]
        return [resource for resource in listed if resource["name"].startswith(prefix)]

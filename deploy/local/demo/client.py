"""A small client of the database API that sends requests and waits for operations."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import HttpError
from keystoneauth1.session import Session
from pydantic import BaseModel

from api_spec.client.rest import Item

POLL_SECONDS = 0.2
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "NEEDS_OPERATOR"})


class DemoError(Exception):
    """A request or operation of the demonstration failed."""


class Step(BaseModel):
    """A line of an operation's timeline."""

    name: str
    state: str
    attempts: int
    started: datetime
    ended: datetime | None = None
    error: str | None = None


class Operation(BaseModel):
    """An operation as the API returns it."""

    id: str
    type: str
    state: str
    created: datetime
    ended: datetime | None = None
    progress: dict[str, object] | None = None
    error: dict[str, object] | None = None
    steps: list[Step] = []


class Tenant:
    """The client of one project."""

    def __init__(self, session: Session) -> None:
        self._adapter = Adapter(session, service_type="database", interface="public")

    def request(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Send a request at microversion 1.2; return the response's JSON, or None without a body.

        Raises:
            DemoError: the response is an error; the message has its text.
        """
        try:
            reply = self._adapter.request(path, method, json=body, headers={"OpenStack-API-Version": "database 1.2"})
        except HttpError as error:
            words = error.response.text if error.response is not None else error
            raise DemoError(f"{method} {path}: {words}") from error
        return reply.json() if reply.content else None

    def follow(self, resource: dict[str, str], kind: str, show: Callable[[Operation], None]) -> Operation:
        """Poll the newest operation of `kind` on an instance or backup until it ends.

        Raises:
            DemoError: the operation ended, but not in SUCCEEDED.
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

    def named(self, collection: str, prefix: str) -> list[Item]:
        """Return the resources of a collection whose names begin with a prefix."""
        listed: list[Item] = self.request("GET", f"/{collection}")[collection]
        return [resource for resource in listed if resource["name"].startswith(prefix)]

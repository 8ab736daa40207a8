"""A tenant whose every reply is kept for the audit, and who goes on when the API is away for a while."""

import threading
from collections.abc import Mapping
from typing import Any

from keystoneauth1.adapter import Adapter
from keystoneauth1.session import Session

from deploy.local.demo.client import DemoError, Operation, Tenant
from tests.support.audit import Reply

VERSION = {"OpenStack-API-Version": "database 1.1"}


class WatchedTenant(Tenant):
    """`replies` are all that came back; a request without an answer is none."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.project_id = str(session.get_project_id())
        self.replies: list[Reply] = []
        self._plain = Adapter(session, service_type="database", interface="public", raise_exc=False)
        self._lock = threading.Lock()

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, Any]:
        """One request: status and JSON.

        Raises:
            keystoneauth1.exceptions.ClientException: no answer.
        """
        reply = self._plain.request(path, method, json=body, headers=VERSION)
        with self._lock:
            self.replies.append(Reply(f"{method} {path}", reply.status_code, reply.headers.get("Retry-After")))
        return reply.status_code, reply.json() if reply.content else None

    def request(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        """One request that must succeed: its JSON. Raises DemoError."""
        status, found = self.send(method, path, body)
        if status >= 400:
            raise DemoError(f"{method} {path}: {status} {found}")
        return found

    def operation(self, operation_id: str) -> Operation:
        """The operation as it is now."""
        return Operation.model_validate(self.request("GET", f"/operations/{operation_id}")["operation"])

"""People that a test needs beside those of clouds.yaml."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from keystoneauth1.identity import v3
from keystoneauth1.session import Session

from deploy.local.cloud import Cloud


@contextmanager
def user_with_role(cloud: Cloud, project_id: str, role: str) -> Iterator[Session]:
    """A session of a new user who has one role in a project; the user is gone after the block."""
    keystone = _Keystone(cloud.session("admin"))
    name, password = f"tester-{secrets.token_hex(6)}", secrets.token_hex(16)
    user_id = keystone.call("POST", "/users", {"user": {"name": name, "password": password}})["user"]["id"]
    try:
        (granted,) = keystone.call("GET", f"/roles?name={role}")["roles"]
        keystone.call("PUT", f"/projects/{project_id}/users/{user_id}/roles/{granted['id']}")
        auth = v3.Password(auth_url=keystone.url, user_id=user_id, password=password, project_id=project_id)
        yield Session(auth=auth)
    finally:
        keystone.call("DELETE", f"/users/{user_id}")


class _Keystone:
    """The identity API as an administrator sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.url: str = str(session.get_endpoint(service_type="identity"))

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        reply = self._session.request(self.url + path, method, json=body)
        return dict(reply.json()) if reply.content else {}

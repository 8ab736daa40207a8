"""A caller of the database API whose every reply is checked against the specification."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from keystoneauth1.session import Session
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

from api_spec.generate import SPECIFICATION

TIMEOUT_SECONDS = 30
LATEST = {"OpenStack-API-Version": "database latest"}


@lru_cache(maxsize=1)
def _specification() -> OpenAPI:
    return OpenAPI.from_file_path(str(SPECIFICATION))


@dataclass(frozen=True)
class Api:
    """The API as one project sees it."""

    root: str
    """Scheme, host and port."""
    project_id: str
    token: str

    def call(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - of requests
        """Send a request below the project's URL; `headers` come on top of the token."""
        return self.send(method, f"/v1.0/{self.project_id}{path}", **options)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - of requests
        """Send a request to a path and check the reply, if the specification has the path and method.

        Raises:
            openapi_core.exceptions.OpenAPIError: the reply is not as the specification says.
        """
        headers = {"X-Auth-Token": self.token} | options.pop("headers", {})
        sent = requests.request(method, self.root + path, headers=headers, timeout=TIMEOUT_SECONDS, **options)
        check(sent)
        return sent

    def get(self, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - of requests
        """The JSON of a successful GET below the project's URL."""
        reply = self.call("GET", path, **options)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found


def check(reply: requests.Response) -> None:
    """Check a reply of an operation of the specification against it."""
    _specification().validate_response(RequestsOpenAPIRequest(reply.request), RequestsOpenAPIResponse(reply))


def new_api(session: Session) -> Api:
    """The API for the project of a session, at the endpoint of its catalog."""
    endpoint = session.get_endpoint(service_type="database")
    token, project_id = session.get_token(), session.get_project_id()
    assert endpoint and token and project_id
    return Api(endpoint.partition("/v1.0/")[0], project_id, token)


def fault(reply: requests.Response) -> tuple[int, str, str]:
    """Status, name and message of a fault; the status is told twice and must agree."""
    ((name, inner),) = reply.json().items()
    assert inner["code"] == reply.status_code
    assert reply.headers["x-openstack-request-id"].startswith("req-")
    return reply.status_code, name, inner["message"]

"""The request that a resource's handler gets, after authentication, authorization and validation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from functions.entrypoint.routing import Match

if TYPE_CHECKING:
    from functions.state.operations.acceptance import Caller

Body = TypeVar("Body")
Query = TypeVar("Query")


@dataclass(frozen=True)
class Identity:
    """The project, user and roles of the validated token."""

    project_id: str
    user_id: str
    roles: frozenset[str] = frozenset()
    is_admin: bool = False
    """Whether the policy rule `context_is_admin` allows the caller to see what administrators see."""


@dataclass(frozen=True)
class RequestUrl:
    """The parts of the request's URL, for the links in the response."""

    base_url: str
    """Scheme and host, without a slash at the end."""
    path: str = "/"
    query: str = ""


@dataclass(frozen=True)
class ApiRequest(Generic[Body, Query]):
    """An authenticated, authorised and validated request."""

    match: Match
    url: RequestUrl
    request_id: str
    identity: Identity
    body: Body
    query: Query
    minor: int = 0
    """N of the microversion 1.N that the response follows."""
    idempotency_key: str | None = None
    token: str = field(default="", repr=False)
    """The caller's own token, for a request to another service that only the caller may send."""

    @property
    def project_url(self) -> str:
        """Base URL of the project's resources."""
        return f"{self.url.base_url}/v1.0/{self.identity.project_id}"

    @property
    def caller(self) -> "Caller":
        """The caller, in the form that an operation's row stores."""
        from functions.state.operations.acceptance import Caller

        project_id, key = self.identity.project_id, self.idempotency_key
        return Caller(project_id, self.identity.user_id, self.request_id, (project_id, key) if key else None)


ResponseBody = dict[str, object] | str | None
"""A JSON object, plain text, or no body."""

AnyRequest = ApiRequest[Any, Any]
Handler = Callable[[ApiRequest[Any, Any]], ResponseBody]
Handlers = Mapping[str, Handler]
"""The handlers of a resource by the verb of their operationId."""

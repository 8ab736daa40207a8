"""What a resource's function is given: one object with everything about the request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from functions.entrypoint.routing import Match

if TYPE_CHECKING:
    from functions.state.acceptance import Caller

Body = TypeVar("Body")
Query = TypeVar("Query")


@dataclass(frozen=True)
class Identity:
    """Who asks, from the validated token."""

    project_id: str
    user_id: str
    roles: frozenset[str] = frozenset()
    is_admin: bool = False
    """Sees what administrators see; set by the policy rule `context_is_admin`."""


@dataclass(frozen=True)
class Place:
    """Where the request was sent to: links in the reply lead back there."""

    base_url: str
    """Scheme and host, without a slash at the end."""
    path: str = "/"
    query: str = ""


@dataclass(frozen=True)
class Call(Generic[Body, Query]):
    """An authenticated, authorised and validated request."""

    match: Match
    place: Place
    request_id: str
    identity: Identity
    body: Body
    query: Query
    minor: int = 0
    """N of the microversion 1.N that the reply follows."""
    idempotency_key: str | None = None

    @property
    def project_url(self) -> str:
        """Base of the project's resources."""
        return f"{self.place.base_url}/v1.0/{self.identity.project_id}"

    @property
    def caller(self) -> "Caller":
        """The caller as the state records it."""
        from functions.state.acceptance import Caller

        project_id, key = self.identity.project_id, self.idempotency_key
        return Caller(project_id, self.identity.user_id, self.request_id, (project_id, key) if key else None)


Reply = dict[str, object] | str | None
"""A JSON object, plain text, or no body."""

AnyCall = Call[Any, Any]
Handler = Callable[[Call[Any, Any]], Reply]
Handlers = Mapping[str, Handler]
"""The functions of a resource by the verb of their operationId."""

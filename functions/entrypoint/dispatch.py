"""From a request to the function that answers it: route, microversion, token, project, policy, parameters, body."""

import importlib
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_host

from functions.entrypoint import microversions
from functions.entrypoint.call import AnyCall, Call, Handler, Identity, Place, Reply
from functions.entrypoint.errors import BadMediaType, RequestTooLarge
from functions.entrypoint.routes import ROUTES
from functions.entrypoint.routing import Match, Route, Router
from functions.runtime.errors import BadRequest, Forbidden, NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from pydantic import BaseModel

MINOR = "trove.microversion"
"""Key of the WSGI environment for the N of the microversion 1.N that was agreed on."""

_router = Router(ROUTES)
_ANYBODY = Identity(project_id="", user_id="")
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json")


@dataclass(frozen=True)
class Answer:
    """A successful reply."""

    status: int
    reply: Reply


def serve(request: Request, request_id: str) -> Answer:
    """Answer a request.

    Raises:
        TroveError: the request is refused or cannot be carried out.
    """
    path = _raw_path(request.environ)
    match = _router.match(request.method, path)
    place = Place(f"{request.scheme}://{get_host(request.environ)}", path, request.query_string.decode("latin-1"))
    call = Call(match, place, request_id, _ANYBODY, None, None)
    if match.route.policy is None:
        return Answer(match.route.status, _handler(match.route)(call))
    return _serve_project(request, call)


def _serve_project(request: Request, call: Call[None, None]) -> Answer:
    """Answer a request for what a project owns."""
    import structlog

    from functions.entrypoint.auth import authenticate
    from functions.entrypoint.idempotency import key_of
    from functions.entrypoint.rate_limits import rate_limits
    from functions.runtime.logs import get_logger

    started = time.monotonic()
    route = call.match.route
    minor = request.environ[MINOR] = _negotiated(request, route)
    identity = authenticate(request.environ)
    rate_limits().take(identity.project_id, request.method)
    identity = _authorised(call.match, identity)
    who = {"project_id": identity.project_id, "user_id": identity.user_id}
    with structlog.contextvars.bound_contextvars(request_id=call.request_id, **who):
        query = _query(request, route)
        body = _body(request, route)
        key = key_of(request, minor)
        full = Call(call.match, call.place, call.request_id, identity, body, query, minor, key)
        answer = Answer(route.status, _answered(request, full))
        elapsed_ms = round((time.monotonic() - started) * 1000, 1)
        get_logger().info("request served", api_operation=route.operation_id, status=route.status, ms=elapsed_ms)
        return answer


def _answered(request: Request, call: AnyCall) -> Reply:
    from functions.entrypoint.patience import patient

    handler = patient(_handler(call.match.route))
    if call.idempotency_key is None:
        return handler(call)
    from functions.entrypoint.idempotency import answered_once

    return answered_once(request, call, call.idempotency_key, lambda: handler(call))


def _raw_path(environ: "WSGIEnvironment") -> str:
    """The path as it was sent: PATH_INFO is decoded already, so an encoded slash would be lost in it."""
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if "://" in raw.partition("?")[0]:
        raw = urlsplit(raw).path
    return raw.partition("?")[0] or quote(environ.get("PATH_INFO", "").encode("latin-1"))


def _negotiated(request: Request, route: Route) -> int:
    minor = microversions.negotiate(request.headers.get(microversions.HEADER))
    if minor < route.since:
        raise NotFound(
            f"The resource could not be found: it needs microversion {microversions.text(route.since)} or later."
        )
    return minor


def _authorised(match: Match, identity: Identity) -> Identity:
    from functions.entrypoint import policy

    if match.parameters["project_id"] != identity.project_id:
        raise Forbidden("The token is not for the project of this URL.")
    policy.enforce(match.route.policy or "", identity)
    return replace(identity, is_admin=policy.allowed("context_is_admin", identity))


def _query(request: Request, route: Route) -> "BaseModel | None":
    if route.query is None:
        return None
    from functions.entrypoint import models, validation

    model: type[BaseModel] = getattr(models, route.query)
    return validation.validate_query(model, request.query_string.decode("latin-1"))


def _body(request: Request, route: Route) -> "BaseModel | None":
    if route.body is None:
        return None
    from functions.entrypoint import models, validation

    content = _content(request)
    if not content and route.body_optional:
        return None
    if request.mimetype and not _JSON_TYPE.fullmatch(request.mimetype):
        raise BadMediaType("The Content-Type is not supported: send application/json.")
    if not content:
        raise BadRequest("The request has no body: send a JSON object.")
    model: type[BaseModel] = getattr(models, route.body)
    return validation.validate_body(model, content)


def _content(request: Request) -> bytes:
    from functions.runtime.settings import get_settings

    request.max_content_length = get_settings().max_request_bytes
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        limit = request.max_content_length
        raise RequestTooLarge(f"The request body is larger than the {limit} bytes that are read.") from None


def _handler(route: Route) -> Handler:
    resource, _, verb = route.operation_id.partition(".")
    handlers: dict[str, Handler] = importlib.import_module(f"functions.entrypoint.resources.{resource}").HANDLERS
    return handlers[verb]

"""Checks a request (route, microversion, token, project, policy, parameters, body) and calls its handler."""

import importlib
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_host

from functions.base.errors import BadRequest, Forbidden, NotFound
from functions.entrypoint import microversions
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handler, Identity, RequestUrl, ResponseBody
from functions.entrypoint.errors import BadMediaType, RequestTooLarge
from functions.entrypoint.routes import ROUTES
from functions.entrypoint.routing import Match, Route, Router

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from pydantic import BaseModel

MINOR = "trove.microversion"
"""Key of the WSGI environment for the N of the negotiated microversion 1.N."""

_router = Router(ROUTES)
_ANONYMOUS = Identity(project_id="", user_id="")
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json")


@dataclass(frozen=True)
class Success:
    """The response to a request that succeeded."""

    status: int
    body: ResponseBody


def serve(http_request: Request, request_id: str) -> Success:
    """Check a request, call its handler, and return the response.

    Raises:
        TroveError: the request is refused or fails.
    """
    path = _raw_path(http_request.environ)
    match = _router.match(http_request.method, path)
    base_url = f"{http_request.scheme}://{get_host(http_request.environ)}"
    url = RequestUrl(base_url, path, http_request.query_string.decode("latin-1"))
    request = ApiRequest(match, url, request_id, _ANONYMOUS, None, None)
    if match.route.policy is None:
        return Success(match.route.status, _handler(match.route)(request))
    return _serve_project(http_request, request)


def _serve_project(http_request: Request, request: ApiRequest[None, None]) -> Success:
    """Serve a request that needs a token."""
    import structlog

    from functions.base.logs import get_logger
    from functions.entrypoint.auth import authenticate
    from functions.entrypoint.idempotency import key_of
    from functions.entrypoint.rate_limits import rate_limits

    started = time.monotonic()
    route = request.match.route
    minor = http_request.environ[MINOR] = _negotiate(http_request, route)
    identity = authenticate(http_request.environ)
    rate_limits().count(identity.project_id, http_request.method)
    identity = _authorise(request.match, identity)
    caller = {"project_id": identity.project_id, "user_id": identity.user_id}
    with structlog.contextvars.bound_contextvars(request_id=request.request_id, **caller):
        query = _query(http_request, route)
        body = _body(http_request, route)
        key = key_of(http_request, minor)
        token = http_request.headers.get("X-Auth-Token", "")
        full = ApiRequest(request.match, request.url, request.request_id, identity, body, query, minor, key, token)
        success = Success(route.status, _answer(http_request, full))
        elapsed_ms = round((time.monotonic() - started) * 1000, 1)
        get_logger().info("request served", api_operation=route.operation_id, status=route.status, ms=elapsed_ms)
        return success


def _answer(http_request: Request, request: AnyRequest) -> ResponseBody:
    from functions.entrypoint.waiting import retry_while_busy

    handler = retry_while_busy(_handler(request.match.route))
    if request.idempotency_key is None:
        return handler(request)
    from functions.entrypoint.idempotency import answer_once

    return answer_once(http_request, request, request.idempotency_key, lambda: handler(request))


def _raw_path(environ: "WSGIEnvironment") -> str:
    """Return the path as it was sent. PATH_INFO is decoded, so it no longer tells an encoded slash from a plain one."""
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if "://" in raw.partition("?")[0]:
        raw = urlsplit(raw).path
    return raw.partition("?")[0] or quote(environ.get("PATH_INFO", "").encode("latin-1"))


def _negotiate(http_request: Request, route: Route) -> int:
    minor = microversions.negotiate(http_request.headers.get(microversions.HEADER))
    if minor < route.since:
        raise NotFound(
            f"The resource could not be found: it needs microversion {microversions.text(route.since)} or later."
        )
    return minor


def _authorise(match: Match, identity: Identity) -> Identity:
    from functions.entrypoint import policy

    if match.parameters["project_id"] != identity.project_id:
        raise Forbidden("The token is not for the project of this URL.")
    policy.enforce(match.route.policy or "", identity)
    return replace(identity, is_admin=policy.allowed("context_is_admin", identity))


def _query(http_request: Request, route: Route) -> "BaseModel | None":
    if route.query is None:
        return None
    from functions.entrypoint import models, validation

    model: type[BaseModel] = getattr(models, route.query)
    return validation.validate_query(model, http_request.query_string.decode("latin-1"))


def _body(http_request: Request, route: Route) -> "BaseModel | None":
    if route.body is None:
        return None
    from functions.entrypoint import models, validation

    content = _content(http_request)
    if not content and route.body_optional:
        return None
    if http_request.mimetype and not _JSON_TYPE.fullmatch(http_request.mimetype):
        raise BadMediaType("The Content-Type is not supported: send application/json.")
    if not content:
        raise BadRequest("The request has no body: send a JSON object.")
    model: type[BaseModel] = getattr(models, route.body)
    return validation.validate_body(model, content)


def _content(http_request: Request) -> bytes:
    from functions.base.settings import get_settings

    http_request.max_content_length = get_settings().max_request_bytes
    try:
        return http_request.get_data()
    except RequestEntityTooLarge:
        limit = http_request.max_content_length
        raise RequestTooLarge(f"The request body is larger than the {limit} bytes that are read.") from None


def _handler(route: Route) -> Handler:
    resource, _, verb = route.operation_id.partition(".")
    handlers: dict[str, Handler] = importlib.import_module(f"functions.entrypoint.resources.{resource}").HANDLERS
    return handlers[verb]

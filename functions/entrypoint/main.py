"""The REST entrypoint: `fn` is the functions-framework target, `application` the WSGI application behind it.

Version documents and the health check import the routes only, so that a cold start takes little longer than that of an
empty function.
"""

import json
import uuid
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from functions.base.errors import TroveError
from functions.entrypoint.dispatch import MINOR, Success, serve
from functions.entrypoint.errors import Fault, fault_of, internal_error
from functions.entrypoint.microversions import headers as microversion_headers

if TYPE_CHECKING:
    import flask


def fn(request: "flask.Request") -> Response:
    """Answer a request that functions-framework received."""
    return Response.from_app(application, request.environ)


@Request.application
def application(request: Request) -> Response:
    """Answer a request; every response, of errors too, has the headers of the request's id and microversion."""
    request_id = f"req-{uuid.uuid4()}"
    response = _respond(request, request_id)
    response.headers["x-openstack-request-id"] = request_id
    if MINOR in request.environ:
        response.headers.update(microversion_headers(request.environ[MINOR]))
    return response


def _respond(request: Request, request_id: str) -> Response:
    try:
        return _success(serve(request, request_id))
    except TroveError as error:
        return _failure(fault_of(error) or _log_crash(request_id))
    except Exception:  # noqa: BLE001 - the function boundary
        return _failure(_log_crash(request_id))


def _success(success: Success) -> Response:
    if isinstance(success.body, str):
        return Response(success.body, success.status, content_type="text/plain")
    content = b"" if success.body is None else _dump(success.body)
    return Response(content, success.status, content_type="application/json")


def _failure(fault: Fault) -> Response:
    return Response(_dump(fault.body()), fault.status, fault.headers, content_type="application/json")


def _log_crash(request_id: str) -> Fault:
    from functions.base.logs import get_logger

    get_logger().exception("request crashed", request_id=request_id)
    return internal_error(request_id)


def _dump(body: dict[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()

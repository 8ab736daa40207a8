"""The REST entrypoint: `fn` is the functions-framework target, `application` the same as a WSGI application.

Version documents and the health check need a route only: nothing heavy is imported for them, which keeps a cold start
close to that of an empty function.
"""

import json
import uuid
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from functions.entrypoint.dispatch import MINOR, Answer, serve
from functions.entrypoint.errors import Fault, crash, fault_of
from functions.entrypoint.microversions import headers as microversion_headers
from functions.runtime.errors import TroveError

if TYPE_CHECKING:
    import flask


def fn(request: "flask.Request") -> Response:
    """Answer a request of functions-framework."""
    return Response.from_app(application, request.environ)


@Request.application
def application(request: Request) -> Response:
    """Answer a request; every reply, faults too, carries the request's id and the microversion it follows."""
    request_id = f"req-{uuid.uuid4()}"
    response = _guarded(request, request_id)
    response.headers["x-openstack-request-id"] = request_id
    if MINOR in request.environ:
        response.headers.update(microversion_headers(request.environ[MINOR]))
    return response


def _guarded(request: Request, request_id: str) -> Response:
    try:
        return _success(serve(request, request_id))
    except TroveError as error:
        return _failure(fault_of(error) or _crashed(request_id))
    except Exception:  # noqa: BLE001 - the function boundary
        return _failure(_crashed(request_id))


def _success(answer: Answer) -> Response:
    if isinstance(answer.reply, str):
        return Response(answer.reply, answer.status, content_type="text/plain")
    content = b"" if answer.reply is None else _dump(answer.reply)
    return Response(content, answer.status, content_type="application/json")


def _failure(fault: Fault) -> Response:
    return Response(_dump(fault.body()), fault.status, fault.headers, content_type="application/json")


def _crashed(request_id: str) -> Fault:
    from functions.runtime.logs import get_logger

    get_logger().exception("request crashed", request_id=request_id)
    return crash(request_id)


def _dump(reply: dict[str, object]) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode()

"""functions-framework: `fn` is the one target of a function group; the path names the step, the body is its input."""

import flask
from flask.typing import ResponseReturnValue

from functions.runtime.errors import Unavailable
from functions.runtime.settings import get_settings


def fn(request: flask.Request) -> ResponseReturnValue:
    """POST /<noun.verb> with a JSON object; answers the envelope with 200.

    GET /metrics, of the group `cloud`: Prometheus's text. GET anything else: liveness.
    """
    if request.method == "GET":
        return _metrics() if request.path == "/metrics" and get_settings().group == "cloud" else {"status": "ok"}
    arguments = request.get_json(silent=True)
    if not isinstance(arguments, dict):
        return {"message": "the body must be a JSON object"}, 400
    from functions.runtime.call import call

    envelope = call(request.path.strip("/"), arguments, request.headers.get("Authorization"))
    return envelope.model_dump(mode="json")


def _metrics() -> ResponseReturnValue:
    from functions.runtime.metrics import CONTENT_TYPE, exposition

    try:
        return exposition(), {"Content-Type": CONTENT_TYPE}
    except Unavailable as error:
        return {"message": error.message}, 503

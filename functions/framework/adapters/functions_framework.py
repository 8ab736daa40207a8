"""functions-framework: `fn` is the one target of a function group; the path names the step, the body its input."""

import flask
from flask.typing import ResponseReturnValue

from functions.base.errors import Unavailable
from functions.base.settings import get_settings


def fn(request: flask.Request) -> ResponseReturnValue:
    """Run the step of POST /<noun.verb> on the JSON object sent, and answer 200 with its envelope.

    GET /metrics answers with Prometheus's text in the group `control`; any other GET says that the process lives.
    """
    if request.method == "GET":
        return _metrics() if request.path == "/metrics" and get_settings().group == "control" else {"status": "ok"}
    arguments = request.get_json(silent=True)
    if not isinstance(arguments, dict):
        return {"message": "the body must be a JSON object"}, 400
    from functions.framework.call import call

    envelope = call(request.path.strip("/"), arguments, request.headers.get("Authorization"))
    return envelope.model_dump(mode="json")


def _metrics() -> ResponseReturnValue:
    from functions.state.metrics.exposition import CONTENT_TYPE, exposition

    try:
        return exposition(), {"Content-Type": CONTENT_TYPE}
    except Unavailable as error:
        return {"message": error.message}, 503

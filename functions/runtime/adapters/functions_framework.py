"""functions-framework: `fn` is the one target of a function group; the path names the step, the body is its input."""

import flask
from flask.typing import ResponseReturnValue


def fn(request: flask.Request) -> ResponseReturnValue:
    """POST /<noun.verb> with a JSON object; answers the envelope with 200. GET anything: liveness."""
    if request.method == "GET":
        return {"status": "ok"}
    arguments = request.get_json(silent=True)
    if not isinstance(arguments, dict):
        return {"message": "the body must be a JSON object"}, 400
    from functions.runtime.call import call

    envelope = call(request.path.strip("/"), arguments, request.headers.get("Authorization"))
    return envelope.model_dump(mode="json")

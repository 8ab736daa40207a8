"""The header Idempotency-Key of mutating requests, from microversion 1.1."""

import hashlib
import re
from collections.abc import Callable

from werkzeug.wrappers import Request

from functions.base.errors import BadRequest, TroveError
from functions.entrypoint.api_request import AnyRequest, ResponseBody
from functions.state.idempotency import idempotency

HEADER = "Idempotency-Key"
SINCE = 1
"""N of the first microversion 1.N that heeds the header; older ones ignore it."""

_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)


def key_of(http_request: Request, minor: int) -> str | None:
    """Return the request's key; None if it has none, is a GET or names an older microversion.

    Raises:
        BadRequest: the header's value is not a key.
    """
    key: str | None = http_request.headers.get(HEADER)
    if key is None or http_request.method == "GET":
        return None
    if not _KEY.fullmatch(key):
        raise BadRequest(f"The header {HEADER} must be 1 to 255 visible ASCII characters without a space.")
    return key if minor >= SINCE else None


def answer_once(
    http_request: Request, request: AnyRequest, key: str, answer: Callable[[], ResponseBody]
) -> ResponseBody:
    """Call `answer` for the project's first request with this key; return the stored response to repeated ones.

    An error is not stored: after it, the same key may be used again.

    Raises:
        Busy: the key was used for another request.
        Conflict: the first request is still being answered.
    """
    keyed = idempotency.KeyedRequest(request.identity.project_id, key, _fingerprint(http_request, request))
    first = idempotency.claim(keyed)
    if first is not None:
        stored: ResponseBody = first.reply
        return stored
    try:
        response = answer()
    except TroveError:
        idempotency.release(keyed)
        raise
    idempotency.keep(keyed, response)
    return response


def _fingerprint(http_request: Request, request: AnyRequest) -> str:
    """Return a digest of the user, the method, the path as it was sent, the query and the body."""
    head = "\n".join([request.identity.user_id, http_request.method, request.url.path, request.url.query])
    return hashlib.sha256(head.encode() + b"\n" + http_request.get_data()).hexdigest()

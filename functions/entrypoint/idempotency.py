"""The header Idempotency-Key on mutating requests, from microversion 1.1."""

import hashlib
import re
from collections.abc import Callable

from werkzeug.wrappers import Request

from functions.entrypoint.call import AnyCall, Reply
from functions.runtime.errors import BadRequest, TroveError
from functions.state import idempotency

HEADER = "Idempotency-Key"
SINCE = 1
"""N of the microversion 1.N from which the header counts."""

_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)


def key_of(request: Request, minor: int) -> str | None:
    """The key of a request; None: it has none that counts.

    Raises:
        BadRequest: what stands in the header cannot be a key.
    """
    key: str | None = request.headers.get(HEADER)
    if key is None or request.method == "GET":
        return None
    if not _KEY.fullmatch(key):
        raise BadRequest(f"The header {HEADER} must be 1 to 255 visible ASCII characters without a space.")
    return key if minor >= SINCE else None


def answered_once(request: Request, call: AnyCall, key: str, answer: Callable[[], Reply]) -> Reply:
    """The answer of `answer`, made once for all requests of the project under this key with the same content.

    A refusal is not kept: the same key may be used again once its cause is gone.

    Raises:
        Busy: the key was used for another request.
        Conflict: the first request is still being answered.
    """
    keyed = idempotency.KeyedRequest(call.identity.project_id, key, _fingerprint(request, call))
    first = idempotency.claim(keyed)
    if first is not None:
        stored: Reply = first.reply
        return stored
    try:
        reply = answer()
    except TroveError:
        idempotency.release(keyed)
        raise
    idempotency.keep(keyed, reply)
    return reply


def _fingerprint(request: Request, call: AnyCall) -> str:
    """Of who asks for what: the user, the method, the path as it was sent, the query and the body."""
    head = "\n".join([call.identity.user_id, request.method, call.place.path, call.place.query])
    return hashlib.sha256(head.encode() + b"\n" + request.get_data()).hexdigest()

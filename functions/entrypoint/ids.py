"""Ids in paths."""

import uuid

from functions.runtime.errors import NotFound


def require_id(kind: str, text: str) -> str:
    """A UUID in the form it is stored in; names are not looked up (clients then search the list themselves).

    Raises:
        NotFound: it is no UUID, so nothing has it.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise NotFound(f"{kind} {text} cannot be found.") from None

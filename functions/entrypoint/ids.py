"""Ids in requests."""

import uuid

from functions.base.errors import NotFound


def require_id(kind: str, text: str) -> str:
    """Return a UUID in the form that rows store. A name is 404: clients look names up in the list.

    Raises:
        NotFound: the text is not a UUID.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise NotFound(f"{kind} {text} cannot be found.") from None


def optional_id(kind: str, text: str | None) -> str | None:
    """Return a UUID in the form that rows store, or None if there is no text. Raises NotFound."""
    return None if text is None else require_id(kind, text)

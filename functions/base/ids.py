"""Identifiers of the rows in the state database."""

import uuid


def new_id() -> str:
    """Return a new random UUID as text."""
    return str(uuid.uuid4())

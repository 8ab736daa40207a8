"""Finds a resource by its id or its name."""

from api_spec.client.errors import Refused
from api_spec.client.rest import Item

NOT_FOUND, CONFLICT = 404, 409


def find_one(kind: str, name_or_id: str, found: list[Item]) -> Item:
    """Return the item of that id, or the only one of that name. Raises Refused if there is none or several."""
    by_id = [item for item in found if item["id"] == name_or_id]
    named = by_id or [item for item in found if item["name"] == name_or_id]
    if not named:
        raise Refused(NOT_FOUND, f"No {kind} with a name or id of '{name_or_id}' exists.")
    if len(named) > 1:
        ids = ", ".join(item["id"] for item in named)
        raise Refused(CONFLICT, f"More than one {kind} is named '{name_or_id}': say which by id ({ids}).")
    return named[0]

"""The arguments of actions, from JSON to types."""

from __future__ import annotations

from typing import Any

from datastores.host.engine import Database, User
from datastores.host.errors import BadRequest


def databases(arguments: dict[str, Any]) -> list[Database]:
    """The field `databases`. Raises BadRequest naming what is wrong."""
    return [
        Database(_text(item, "databases", "name"), item.get("character_set"), item.get("collate"))
        for item in _items(arguments, "databases")
    ]


def users(arguments: dict[str, Any]) -> list[User]:
    """The field `users`. Raises BadRequest naming what is wrong, never with a password."""
    return [
        User(
            _text(item, "users", "name"),
            _text(item, "users", "password"),
            item.get("host"),
            tuple(_text(database, "users.databases", "name") for database in _items(item, "databases")),
        )
        for item in _items(arguments, "users")
    ]


def settings(arguments: dict[str, Any]) -> dict[str, Any]:
    """The field `settings`: the engine's parameters."""
    value = arguments.get("settings", {})
    if not isinstance(value, dict):
        raise BadRequest("field 'settings' must be an object")
    return value


def positive(arguments: dict[str, Any], name: str) -> int:
    """A field that is a positive integer."""
    value = arguments.get(name)
    if not isinstance(value, int) or value <= 0:
        raise BadRequest(f"field '{name}' must be a positive integer")
    return value


def _items(arguments: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = arguments.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadRequest(f"field '{name}' must be a list of objects")
    return value


def _text(item: dict[str, Any], where: str, name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"field '{where}.{name}' must be a text that is not empty")
    return value

"""The arguments of actions, from JSON to types."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from datastores.host import tempurl
from datastores.host.accounts import UserChange, UserName
from datastores.host.engine import Database, User
from datastores.host.errors import BadRequest
from datastores.host.logs import Position
from datastores.host.publishing import Names, Range
from datastores.host.tempurl import Store


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


def changes(arguments: dict[str, Any]) -> list[UserChange]:
    """The field `changes`: new attributes of users. Raises BadRequest naming what is wrong, never with a password."""
    return [
        UserChange(
            UserName(_text(item, "changes", "name"), _text(item, "changes", "host")),
            _optional(item, "changes", "new_name"),
            _optional(item, "changes", "new_host"),
            _optional(item, "changes", "password"),
        )
        for item in _items(arguments, "changes")
    ]


def user_name(arguments: dict[str, Any]) -> UserName:
    """The fields `name` and `host`. Raises BadRequest."""
    return UserName(name(arguments), _text(arguments, "arguments", "host"))


def name(arguments: dict[str, Any]) -> str:
    """The field `name`. Raises BadRequest."""
    return _text(arguments, "arguments", "name")


def password(arguments: dict[str, Any]) -> str:
    """The field `password`. Raises BadRequest, never with it."""
    return _text(arguments, "arguments", "password")


def names(arguments: dict[str, Any], field: str) -> list[str]:
    """A field that is a list of names. Raises BadRequest."""
    value = arguments.get(field)
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise BadRequest(f"field '{field}' must be a list of texts")
    return value


def settings(arguments: dict[str, Any]) -> dict[str, Any]:
    """The field `settings`: the engine's parameters."""
    value = arguments.get("settings", {})
    if not isinstance(value, dict):
        raise BadRequest("field 'settings' must be an object")
    return value


def details(arguments: dict[str, Any]) -> dict[str, Any]:
    """The field `details`: what a log's metafile says. Raises BadRequest."""
    value = arguments.get("details")
    if not isinstance(value, dict):
        raise BadRequest("field 'details' must be an object")
    return value


@dataclass(frozen=True)
class Delivery:
    """A certificate for the database with its chain, its key and the authority that clients trust (PEM); when it ends
    (ISO time)."""

    certificate: str
    private_key: str = field(repr=False)
    authority: str
    expires: str


def delivery(arguments: dict[str, Any]) -> Delivery | None:
    """The field `tls`, None without. Raises BadRequest naming what is wrong, never with the key."""
    value = arguments.get("tls")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadRequest("field 'tls' must be an object")
    return Delivery(*(_text(value, "tls", name) for name in ("certificate", "private_key", "authority", "expires")))


@dataclass(frozen=True)
class Parent:
    """The backup that an incremental one builds on: its id, its objects; `required`: else rather a full one."""

    id: str
    store: Store
    required: bool


def parent(arguments: dict[str, Any]) -> Parent | None:
    """The field `parent`, None for a full backup. Raises BadRequest naming what is wrong."""
    value = arguments.get("parent")
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("required"), bool):
        raise BadRequest("field 'parent' must be an object with 'id', 'required' and 'download'")
    return Parent(_text(value, "parent", "id"), tempurl.store(value.get("download")), value["required"])


def chain(arguments: dict[str, Any]) -> list[Store]:
    """The field `download`: a full backup's address and its incremental ones' in order. Raises BadRequest."""
    stores = [tempurl.store(address) for address in _items(arguments, "download")]
    if not stores:
        raise BadRequest("field 'download' must name a full backup, then the incremental ones upon it in order")
    return stores


def allowed_cidrs(arguments: dict[str, Any]) -> list[str]:
    """The field `allowed_cidrs`: the networks that may reach the database; none is every network. Raises BadRequest."""
    value = arguments.get("allowed_cidrs") or []
    try:
        return [str(ipaddress.ip_network(cidr)) for cidr in value]
    except (TypeError, ValueError) as error:
        raise BadRequest(f"field 'allowed_cidrs' must be a list of networks: {error}") from None


def positive(arguments: dict[str, Any], name: str) -> int:
    """A field that is a positive integer."""
    value = arguments.get(name)
    if not isinstance(value, int) or value <= 0:
        raise BadRequest(f"field '{name}' must be a positive integer")
    return value


def log_positions(arguments: dict[str, Any]) -> list[tuple[str, Position | None]]:
    """The field `logs`: names, each with the position up to which it was published. Raises BadRequest."""
    return [(name(item), position(item, "position")) for item in _items(arguments, "logs")]


def position(arguments: dict[str, Any], field: str) -> Position | None:
    """A field that is a position in a log, or null. Raises BadRequest."""
    try:
        return Position.of(arguments.get(field))
    except (KeyError, TypeError, ValueError):
        raise BadRequest(f"field '{field}' must be a position in a log") from None


def publication(arguments: dict[str, Any]) -> tuple[Range, Names]:
    """The fields `position`, `until`, `begun` and `parts`: what of a log is to be published under which names.

    Raises BadRequest.
    """
    until = position(arguments, "until")
    if until is None:
        raise BadRequest("field 'until' must be a position in a log")
    try:
        names = Names(datetime.fromisoformat(str(arguments.get("begun"))), int(arguments.get("parts", 0)))
    except ValueError as error:
        raise BadRequest(f"fields 'begun' and 'parts' must be a time and a number: {error}") from None
    return Range(position(arguments, "position"), until), names


def _items(arguments: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = arguments.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadRequest(f"field '{name}' must be a list of objects")
    return value


def _optional(item: dict[str, Any], where: str, name: str) -> str | None:
    return None if item.get(name) is None else _text(item, where, name)


def _text(item: dict[str, Any], where: str, name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"field '{where}.{name}' must be a text that is not empty")
    return value

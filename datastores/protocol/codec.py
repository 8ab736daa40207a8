"""Dataclasses from JSON, strictly: a field that is missing, unknown or of another type is an error that names it."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Message = TypeVar("Message")
Document = Mapping[str, object]
"""A JSON object whose form is known to whoever decodes it next."""
_UNIONS = (Union, getattr(types, "UnionType", Union))  # `X | None`, where Python knows it


class ProtocolError(ValueError):
    """What was read is not the message that it is to be; the text names the field and what is wrong with it."""


def load(kind: type[Message], text: bytes) -> Message:
    """A message from JSON. Raises ProtocolError."""
    return decode(kind, parse(text))


def parse(text: bytes) -> object:
    """What JSON holds. Raises ProtocolError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("it is not JSON") from error


def dump(message: object) -> bytes:
    """A message as JSON."""
    return json.dumps(encode(message), indent=1).encode()


def encode(message: object) -> dict[str, object]:
    """A message as a JSON object."""
    document: dict[str, object] = dataclasses.asdict(message)  # type: ignore[call-overload]
    return document


def public(message: object) -> dict[str, object]:
    """A message as a JSON object without its secrets: the fields that its `repr` leaves out."""
    return {
        field.name: _public(getattr(message, field.name))
        for field in dataclasses.fields(message)  # type: ignore[arg-type]
        if field.repr
    }


def _public(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return public(value)
    if isinstance(value, (list, tuple)):
        return [_public(item) for item in value]
    return value


def decode(kind: type[Message], document: object) -> Message:
    """A message from what JSON holds. Raises ProtocolError; a message's own rules raise it in `__post_init__`."""
    found: Message = _value(kind, document, "")
    return found


def _value(kind: Any, value: object, path: str) -> Any:  # noqa: ANN401 - of any kind
    if dataclasses.is_dataclass(kind):
        return _message(kind, value, path)
    if get_origin(kind) in _UNIONS:
        [inner] = [one for one in get_args(kind) if one is not type(None)]
        return None if value is None else _value(inner, value, path)
    if get_origin(kind) is tuple:
        [inner, _] = get_args(kind)
        return tuple(_value(inner, item, f"{path}[{place}]") for place, item in enumerate(_of(list, value, path)))
    return _plain(kind, value, path)


def _plain(kind: Any, value: object, path: str) -> Any:  # noqa: ANN401 - of any kind
    if get_origin(kind) in {dict, Mapping}:
        return _of(dict, value, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice(kind, value, path)
    if kind is float and type(value) is int:
        return float(value)
    return _of(kind, value, path)


def _of(kind: type[Any], value: object, path: str) -> Any:  # noqa: ANN401 - of that kind
    if type(value) is not kind:
        raise ProtocolError(f"{path or 'it'} must be of type {kind.__name__}, not {type(value).__name__}")
    return value


def _choice(kind: type[Enum], value: object, path: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(one.value) for one in kind)
        raise ProtocolError(f"{path} must be one of {known}") from None


def _message(kind: Any, value: object, path: str) -> Any:  # noqa: ANN401 - of any kind
    document = _of(dict, value, path)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    dot = f"{path}." if path else ""
    for name in document:
        if name not in fields:
            raise ProtocolError(f"{dot}{name} is not known")
    needed = [name for name, field in fields.items() if field.default is dataclasses.MISSING and name not in document]
    if needed:
        raise ProtocolError(f"{dot}{needed[0]} is missing")
    hints = _hints(kind)
    values = {name: _value(hints[name], item, f"{dot}{name}") for name, item in document.items()}
    try:
        return kind(**values)
    except ProtocolError as error:
        raise ProtocolError(f"{dot}{error}") from None


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)

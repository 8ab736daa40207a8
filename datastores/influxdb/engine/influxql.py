"""InfluxQL's identifiers and texts."""

from __future__ import annotations

from datastores.host.errors import BadRequest


def name(identifier: str) -> str:
    """An identifier in InfluxQL ("Identifiers" in its specification). Raises BadRequest for one that cannot be said."""
    return _quoted(identifier, '"')


def text(literal: str) -> str:
    """A text in InfluxQL ("Strings" in its specification). Raises BadRequest for one that cannot be said."""
    return _quoted(literal, "'")


def _quoted(content: str, quote: str) -> str:
    if "\0" in content or any("\ud800" <= character <= "\udfff" for character in content):
        raise BadRequest("InfluxDB cannot have that character in a name or password")
    escaped = content.replace("\\", "\\\\").replace("\n", "\\n").replace(quote, f"\\{quote}")
    return f"{quote}{escaped}{quote}"

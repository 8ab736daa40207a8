"""SQL whose texts nobody can break out of.

A name or password reaches the server as the hexadecimal literal of its UTF-8 bytes; there the server's own QUOTE(), or
backticks that REPLACE() doubles, make it part of a statement that is then prepared and executed. QUOTE() escapes with
backslashes, so the session's sql_mode must be without NO_BACKSLASH_ESCAPES ("String Functions" in the manual).
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field

_WILDCARDS = str.maketrans({character: f"\\{character}" for character in "\\_%"})


@dataclass(frozen=True)
class Statement:
    """A statement with places for texts: `{name}` becomes a literal, `{name!s}` an identifier."""

    template: str
    texts: dict[str, str] = field(default_factory=dict, repr=False)

    def script(self) -> str:
        """Lines that prepare and execute it."""
        return f"SET @s = CONCAT({', '.join(self._parts())}); PREPARE s FROM @s; EXECUTE s; DEALLOCATE PREPARE s;\n"

    def _parts(self) -> list[str]:
        parts = []
        for words, name, _, conversion in string.Formatter().parse(self.template):
            if words:
                parts.append(text(words))
            if name is not None:
                value = text(self.texts[name])
                parts.append(f"'`', REPLACE({value}, '`', '``'), '`'" if conversion == "s" else f"QUOTE({value})")
        return parts


def text(value: str) -> str:
    """An expression that is this text."""
    return f"CONVERT(0x{value.encode().hex()} USING utf8mb4)" if value else "''"


def is_text(column: str, value: str) -> str:
    """A condition: the column holds exactly this text."""
    return f"HEX({column}) = '{value.encode().hex().upper()}'"


def pattern(database: str) -> str:
    """A database's name as GRANT has it, where `_` and `%` would stand for others ("GRANT Statement" in the manual)."""
    return database.translate(_WILDCARDS)


def from_pattern(name: str) -> str:
    """The database's name again."""
    characters = iter(name)
    return "".join(next(characters, "") if character == "\\" else character for character in characters)

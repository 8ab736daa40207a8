"""The parameters of a datastore version that a tenant may set, and the rules for their values.

They are many, so they are not part of datastore.yaml: a JSON file holds them, read when first asked for.
"""

from __future__ import annotations

import functools
import math
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from datastores.protocol.engine import Settings

LONGEST_TEXT = 1024
_QUANTITY = re.compile(r"(-?[0-9]+) ?([A-Za-z]+)", re.ASCII)
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_MICROSECONDS = {"us": 1, "ms": 10**3, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
_UNIT = re.compile(r"([0-9]*)([A-Za-z]+)")
_SECRET = re.compile(r"password|passwd|passphrase|secret", re.IGNORECASE)
_BOOLEANS: dict[object, bool] = {
    **dict.fromkeys((1, "1", "true", "on", "yes"), True),
    **dict.fromkeys((0, "0", "false", "off", "no"), False),
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,3})?", re.ASCII)

Entry = dict[str, Any]
"""A parameter as a file of parameters holds it."""


class Parameter(BaseModel):
    """A parameter; `min`, `max` and whole numbers given for it count in `unit` (`8kB` is a page of 8 KiB)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: Literal["integer", "string", "boolean", "float"]
    restart_required: bool
    description: str
    unit: str | None = None
    min: int | float | None = None
    max: int | float | None = None
    choices: tuple[str, ...] | None = None
    pattern: str | None = None

    @property
    def secret(self) -> bool:
        """Whether its value is not to be shown: a text whose name says so."""
        return self.type == "string" and self.choices is None and _SECRET.search(self.name) is not None

    def meant(self, value: object) -> object:
        """The value as the parameter's type has it, where the client sent it in another form.

        Terraform sends every value as text, and true and false as 1 and 0.
        """
        if self.type == "string":
            return self._meant_text(value)
        word = value.strip().lower() if isinstance(value, str) else value
        if self.type == "boolean":
            return _BOOLEANS.get(word, value) if isinstance(word, (str, int)) else value
        if isinstance(word, str) and _INTEGER.fullmatch(word):
            return int(word)
        if self.type == "float" and isinstance(word, str) and _DECIMAL.fullmatch(word):
            return float(word)
        return value

    def _meant_text(self, value: object) -> object:
        if isinstance(value, bool):
            words = ("on", "true", "yes") if value else ("off", "false", "no")
            return next((choice for choice in self.choices or () if choice.lower() in words), value)
        text = str(value) if isinstance(value, (int, float)) else value
        return next((choice for choice in self.choices or () if choice.lower() == str(text).lower()), text)

    def problem(self, value: object) -> str | None:
        """Why the parameter cannot have that value, in words for its owner that never repeat it; None when it can."""
        if self.type == "boolean":
            return None if isinstance(value, bool) else "must be true or false"
        if self.type == "string":
            return self._text_problem(value)
        number = self._number(value)
        low, high = self.min, self.max
        if number is None or (low is not None and number < low) or (high is not None and number > high):
            return f"must be {self._rule()}"
        return None

    def _number(self, value: object) -> int | float | None:
        """The value as a number in `unit`; None when it is none."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if self.type == "float":
            return value if isinstance(value, float) and math.isfinite(value) else None
        quantity = _QUANTITY.fullmatch(value) if self.unit and isinstance(value, str) else None
        factors = _factors(self.unit or "")
        if quantity is None or quantity[2] not in factors:
            return None
        exact = int(quantity[1]) * factors[quantity[2]] / _size(self.unit or "")
        return int(exact) if exact == int(exact) else exact

    def _text_problem(self, value: object) -> str | None:
        if not isinstance(value, str):
            return "must be a text" if self.choices is None else f"must be one of {', '.join(self.choices)}"
        if self.choices is not None and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}"
        if len(value) > LONGEST_TEXT or any(ord(character) < ord(" ") for character in value):
            return f"must be a text of one line with at most {LONGEST_TEXT} characters"
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            return f"must match {self.pattern}"
        return None

    def _rule(self) -> str:
        words = "an integer" if self.type == "integer" else "a number"
        if self.min is not None and self.max is not None:
            words += f" from {self.min} to {self.max}"
        if self.unit is None:
            return words
        words += f" (in {self.unit})"
        return (
            words if self.type == "float" else f"{words} or such a quantity with its unit, like '{_example(self.unit)}'"
        )


@functools.cache
def parameters(path: Path) -> dict[str, Parameter]:
    """The parameters in a file, by name; none when there is no file."""
    if not path.exists():
        return {}
    found = TypeAdapter(tuple[Parameter, ...]).validate_json(path.read_bytes())
    return {parameter.name: parameter for parameter in found}


def problems(known: dict[str, Parameter], values: Settings) -> list[str]:
    """What is wrong with values, one sentence for each parameter, in the order of their names."""
    found = []
    for name, value in sorted(values.items()):
        reason = known[name].problem(value) if name in known else "is no parameter of this datastore version"
        if reason is not None:
            found.append(f"{name[:80]!r} {reason}")
    return found


def _factors(unit: str) -> dict[str, int]:
    """The units that a quantity of this dimension can have."""
    match = _UNIT.fullmatch(unit)
    return _BYTES if match and match[2] in _BYTES else _MICROSECONDS


def _size(unit: str) -> int:
    """A unit in bytes or microseconds; `8kB` is 8 of kB."""
    match = _UNIT.fullmatch(unit)
    return int(match[1] or 1) * _factors(unit)[match[2]] if match else 1


def _example(unit: str) -> str:
    return "64MB" if _factors(unit) is _BYTES else "30s"

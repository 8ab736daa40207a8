"""Validates requests with their generated models. Messages name the field and the rule in Trove's wording:

`Validation error: instance['nics'][0] Additional properties are not allowed ('port-id' was unexpected)`

A message never repeats a value, which may be a password.
"""

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

from functions.base.errors import BadRequest

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    Model = TypeVar("Model", bound=BaseModel)

_RULES = {
    "string_type": "is not of type 'string'",
    "int_type": "is not of type 'integer'",
    "int_parsing": "is not of type 'integer'",
    "int_from_float": "is not of type 'integer'",
    "float_type": "is not of type 'number'",
    "bool_type": "is not of type 'boolean'",
    "list_type": "is not of type 'array'",
    "model_type": "is not of type 'object'",
    "model_attributes_type": "is not of type 'object'",
    "string_too_short": "is too short (minimum {min_length} characters)",
    "string_too_long": "is too long (maximum {max_length} characters)",
    "string_pattern_mismatch": "does not match '{pattern}'",
    "too_long": "has more than {max_length} items",
    "too_short": "has fewer than {min_length} items",
    "greater_than_equal": "is less than the minimum of {ge}",
    "less_than_equal": "is greater than the maximum of {le}",
    "literal_error": "is not one of {expected}",
}

Path = tuple[str | int, ...]


def validate_body(model: "type[Model]", content: bytes) -> "Model":
    """Parse a request body into its model.

    Raises:
        BadRequest: the body is not JSON, or breaks a rule of the specification.
    """
    from pydantic import ValidationError
    from pydantic_core import from_json

    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            reason = first.get("ctx", {}).get("error", "")
            raise BadRequest(f"The request body is not valid JSON: {reason}.") from None
        raise BadRequest(_message(error, from_json(content))) from None


def validate_query(model: "type[Model]", query: str) -> "Model":
    """Parse a query string into its model; the first one of a repeated parameter counts.

    Raises:
        BadRequest: a parameter breaks a rule of the specification.
    """
    from pydantic import ValidationError

    values = dict(reversed(parse_qsl(query, keep_blank_values=True)))
    try:
        return model.model_validate_strings(values)
    except ValidationError as error:
        raise BadRequest(_message(error, values)) from None


def _message(error: "ValidationError", data: object) -> str:
    rules: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False, include_input=False):
        path, rule = _explain(detail, data)
        alternatives = rules.setdefault(_path_text(path), [])
        if rule not in alternatives:
            alternatives.append(rule)
    return "Validation error: " + "; ".join(f"{path} {' or '.join(broken)}".strip() for path, broken in rules.items())


def _explain(detail: "ErrorDetails", data: object) -> tuple[Path, str]:
    location = detail["loc"]
    if detail["type"] == "missing":
        return _present(location[:-1], data), f"'{location[-1]}' is a required property"
    if detail["type"] == "extra_forbidden":
        return location[:-1], f"Additional properties are not allowed ('{location[-1]}' was unexpected)"
    rule = _RULES.get(detail["type"])
    return _present(location, data), rule.format(**detail.get("ctx", {})) if rule else detail["msg"]


def _present(location: Path, data: Any) -> Path:  # noqa: ANN401 - any JSON value
    """Return the part of a location that exists in the data: pydantic appends the branch of a union that it tried."""
    for depth, key in enumerate(location):
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return location[:depth]
    return location


def _path_text(path: Path) -> str:
    first, *rest = path or ("body",)
    return str(first) + "".join(f"[{key!r}]" for key in rest)

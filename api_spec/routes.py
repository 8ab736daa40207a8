"""The table of routes, from the specification."""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
PROJECT = "/v1.0/{project_id}"
"""What the service catalog's endpoint ends with."""

Specification = dict[str, Any]


def operations(specification: Specification) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation as (method, path, operation), in the order of the specification."""
    for path, item in specification["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def parameters(specification: Specification, path: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of an operation and of its path, with references followed."""
    found = [*specification["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
    return [resolve(specification, parameter) for parameter in found]


def resolve(specification: Specification, item: dict[str, Any]) -> dict[str, Any]:
    """What a reference into the same document stands for; anything else as it is."""
    while "$ref" in item:
        target: Any = specification
        for word in item["$ref"].removeprefix("#/").split("/"):
            target = target[word]
        item = target
    return item


def body_schema(operation: dict[str, Any]) -> str | None:
    """Name of the schema of an operation's JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    return content["application/json"]["schema"]["$ref"].rpartition("/")[2] if content else None


def _body_optional(operation: dict[str, Any]) -> bool:
    return "requestBody" in operation and not operation["requestBody"].get("required", False)


def success(operation: dict[str, Any]) -> int:
    """The status of success: each operation has one."""
    (status,) = [int(code) for code in operation["responses"] if code.startswith("2")]
    return status


def render_routes(specification: Specification) -> str:
    """The source of the table."""
    lines = [_route(specification, *operation) for operation in operations(specification)]
    table = "".join(f"    {line},\n" for line in lines)
    return f"from functions.entrypoint.routing import Route\n\nROUTES: tuple[Route, ...] = (\n{table})\n"


def _route(specification: Specification, method: str, path: str, operation: dict[str, Any]) -> str:
    identifier = operation["operationId"]
    fields: dict[str, object] = {
        "method": method,
        "template": path,
        "operation_id": identifier,
        "status": success(operation),
        "policy": operation.get("x-policy"),
        "body": body_schema(operation),
        "body_optional": _body_optional(operation) or None,
        "query": _query_model(identifier) if _has_query(specification, path, operation) else None,
        "since": int(operation.get("x-min-microversion", "1.0").partition(".")[2]) or None,
    }
    return f"Route({', '.join(f'{name}={value!r}' for name, value in fields.items() if value is not None)})"


def _has_query(specification: Specification, path: str, operation: dict[str, Any]) -> bool:
    return any(parameter["in"] == "query" for parameter in parameters(specification, path, operation))


def _query_model(identifier: str) -> str:
    """The name that datamodel-code-generator gives to the model of the operation's query parameters."""
    words = identifier.replace(".", "_").split("_")
    return "".join(word.capitalize() for word in words) + "ParametersQuery"


def render_client_routes(specification: Specification) -> str:
    """The client's table: what each operation of a project is called, its method, path and first microversion."""
    lines = [
        f"    {operation['operationId']!r}: ({method!r}, {path.removeprefix(PROJECT)!r}, {_since(operation)}),"
        for method, path, operation in operations(specification)
        if path.startswith(PROJECT)
    ]
    return "\n".join(["ROUTES: dict[str, tuple[str, str, int]] = {", *lines, "}"])


def _since(operation: dict[str, Any]) -> int:
    return int(operation.get("x-min-microversion", "1.0").partition(".")[2])

"""Writes the tables of routes from the specification."""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
PROJECT = "/v1.0/{project_id}"
"""Path at the end of the endpoint in the service catalog."""

Part = dict[str, Any]
"""A mapping in the specification's YAML."""
Specification = Part


def operations(specification: Specification) -> Iterator[tuple[str, str, Part]]:
    """Yield every operation as (method, path, operation), in the order of the specification."""
    for path, item in specification["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def parameters(specification: Specification, path: str, operation: Part) -> list[Part]:
    """Return the parameters of an operation and of its path, with references resolved."""
    found = [*specification["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
    return [resolve(specification, parameter) for parameter in found]


def resolve(specification: Specification, item: Part) -> Part:
    """Return the target of a reference within the document; return any other item unchanged."""
    while "$ref" in item:
        target: Any = specification
        for word in item["$ref"].removeprefix("#/").split("/"):
            target = target[word]
        item = target
    return item


def body_schema(operation: Part) -> str | None:
    """Return the name of the schema of an operation's JSON body, None without a body."""
    content = operation.get("requestBody", {}).get("content", {})
    return content["application/json"]["schema"]["$ref"].rpartition("/")[2] if content else None


def _body_optional(operation: Part) -> bool:
    return "requestBody" in operation and not operation["requestBody"].get("required", False)


def success(operation: Part) -> int:
    """Return the status of success, of which each operation has exactly one."""
    (status,) = [int(code) for code in operation["responses"] if code.startswith("2")]
    return status


def render_routes(specification: Specification) -> str:
    """Return the source of the entrypoint's table."""
    lines = [_route(specification, *operation) for operation in operations(specification)]
    table = "".join(f"    {line},\n" for line in lines)
    imports = "from functions.entrypoint.routing import Route\n\n"
    return f"{imports}{_maximum(specification)}\nROUTES: tuple[Route, ...] = (\n{table})\n"


def _route(specification: Specification, method: str, path: str, operation: Part) -> str:
    identifier = operation["operationId"]
    fields: dict[str, object] = {
        "method": method,
        "template": path,
        "operation_id": identifier,
        "status": success(operation),
        "policy": operation.get("x-policy"),
        "summary": operation["summary"] if "x-policy" in operation else None,
        "body": body_schema(operation),
        "body_optional": _body_optional(operation) or None,
        "query": _query_model(identifier) if _has_query(specification, path, operation) else None,
        "since": int(operation.get("x-min-microversion", "1.0").partition(".")[2]) or None,
    }
    return f"Route({', '.join(f'{name}={value!r}' for name, value in fields.items() if value is not None)})"


def _has_query(specification: Specification, path: str, operation: Part) -> bool:
    return any(parameter["in"] == "query" for parameter in parameters(specification, path, operation))


def _query_model(identifier: str) -> str:
    """Return the name that datamodel-code-generator gives to the model of the operation's query parameters."""
    words = identifier.replace(".", "_").split("_")
    return "".join(word.capitalize() for word in words) + "ParametersQuery"


def render_client_routes(specification: Specification) -> str:
    """Return the source of the client's table: method, path and first microversion of each operation of a project."""
    lines = [
        f"    {operation['operationId']!r}: ({method!r}, {path.removeprefix(PROJECT)!r}, {_since(operation)}),"
        for method, path, operation in operations(specification)
        if path.startswith(PROJECT)
    ]
    return "\n".join([_maximum(specification), "ROUTES: dict[str, tuple[str, str, int]] = {", *lines, "}"])


def _maximum(specification: Specification) -> str:
    minor = specification["info"]["version"].partition(".")[2]
    return f'MAXIMUM = {minor}\n"""N of the newest microversion 1.N."""'


def _since(operation: Part) -> int:
    return int(operation.get("x-min-microversion", "1.0").partition(".")[2])

"""Writes the API reference in Markdown from the specification."""

import json
from collections.abc import Iterator

from api_spec.routes import Part, Specification, body_schema, operations, parameters, resolve, success


def render_reference(specification: Specification) -> str:
    """Return the API reference as one page."""
    return "\n".join(_page(specification)) + "\n"


def _page(specification: Specification) -> Iterator[str]:
    info = specification["info"]
    yield from (f"# API reference: {info['title']} {info['version']}", "")
    yield from ("<!-- Generated from api_spec/v1.0/openapi.yaml by `python -m api_spec.generate`; do not edit. -->", "")
    yield info["description"]
    for tag in specification["tags"]:
        yield from (f"## {tag['name'].capitalize()}", "", tag["description"], "")
        yield from ("| request | does | since | policy |", "|---|---|---|---|")
        mine = [found for found in operations(specification) if tag["name"] in found[2]["tags"]]
        yield from (_summary(*found) for found in mine)
        yield ""
        for found in mine:
            yield from _operation(specification, *found)
    yield from ("## Objects", "")
    for name, schema in specification["components"]["schemas"].items():
        if "properties" in schema and not name.endswith("Fault"):
            yield from _object(specification, name, schema)


def _summary(method: str, path: str, operation: Part) -> str:
    since = operation.get("x-min-microversion", "1.0")
    policy = _code(operation["x-policy"]) if "x-policy" in operation else "none"
    return f"| `{method} {path}` | {operation['summary']} | {since} | {policy} |"


def _operation(specification: Specification, method: str, path: str, operation: Part) -> Iterator[str]:
    yield from (f"### {operation['summary']}", "", f"`{method} {path}` (`{operation['operationId']}`)", "")
    if "description" in operation:
        yield from (operation["description"], "")
    if found := parameters(specification, path, operation):
        yield from ("| parameter | in | rule | meaning |", "|---|---|---|---|")
        for parameter in found:
            rule = _type(specification, parameter["schema"])
            yield f"| `{parameter['name']}` | {parameter['in']} | {rule} | {parameter.get('description', '')} |"
        yield ""
    if body := body_schema(operation):
        yield from (f"Body: {_anchor(body)}", "")
    yield from (_success(operation), "")
    yield from (
        f"Faults: {', '.join(code for code in operation['responses'] if not code.startswith('2')) or 'none'}.",
        "",
    )


def _success(operation: Part) -> str:
    status = success(operation)
    response = operation["responses"][str(status)]
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    reply = f" {_anchor(schema['$ref'].rpartition('/')[2])}" if schema else ""
    return f"Success: {status}{reply}. {response['description']}"


def _object(specification: Specification, name: str, schema: Part) -> Iterator[str]:
    yield from (f"### {name}", "")
    if "description" in schema:
        yield from (schema["description"], "")
    yield from ("| member | type | required | meaning |", "|---|---|---|---|")
    for member, rule in schema["properties"].items():
        required = "yes" if member in schema.get("required", ()) else ""
        meaning = rule.get("description") or resolve(specification, rule).get("description", "")
        yield f"| `{member}` | {_type(specification, rule)} | {required} | {meaning} |"
    yield ""


def _type(specification: Specification, schema: Part) -> str:
    """Return a short text for a schema: its type and limits, or a link to the object."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        target = resolve(specification, schema)
        return _anchor(name) if "properties" in target else _type(specification, target)
    if "oneOf" in schema:
        return " or ".join(_type(specification, choice) for choice in schema["oneOf"])
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        return ", ".join(_code(value) for value in schema["enum"])
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    text = " or ".join(kinds)
    if "items" in schema:
        text = text.replace("array", f"array of {_type(specification, schema['items'])}")
    limits = [f"{word} {schema[word]}" for word in ("minimum", "maximum", "minLength", "maxLength") if word in schema]
    return ", ".join([text, *limits])


def _anchor(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _code(value: object) -> str:
    """Return a JSON value as Markdown code."""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"

"""The least function that functions-framework can serve: what the entrypoint's cold start is compared with."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import flask


def fn(_request: "flask.Request") -> str:
    """Say hello."""
    return "hello"

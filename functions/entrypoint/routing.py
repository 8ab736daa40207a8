"""Routing: finds the operation of the specification for a method and a path."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from functions.base.errors import NotFound


@dataclass(frozen=True)
class Route:
    """One operation of the specification, with all that serving it needs."""

    method: str
    template: str
    operation_id: str
    status: int
    """Status of success."""
    policy: str | None = None
    """oslo.policy rule; None: no token is needed."""
    body: str | None = None
    """Name of the request model in `models`."""
    body_optional: bool = False
    """Whether a request without a body is accepted."""
    query: str | None = None
    """Name of the model of the query parameters in `models`."""
    summary: str = ""
    """The operation's summary in the specification."""
    since: int = 0
    """N of the first microversion 1.N that has the operation."""


@dataclass
class _Node:
    static: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """A route and the decoded values of its path's parameters."""

    route: Route
    parameters: dict[str, str]


class Router:
    """Matches paths segment by segment; a fixed word wins over a parameter at the same position.

    Empty segments are ignored, so doubled and trailing slashes do no harm. The path is split before its segments are
    decoded: an encoded slash belongs to its segment.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def match(self, method: str, path: str) -> Match:
        """Return the route for a method and a percent-encoded path.

        Raises:
            NotFound: there is no such path, or it lacks the method (Trove never answers 405).
        """
        segments = [unquote(segment) for segment in _segments(path)]
        node = _find(self._root, segments)
        route = node.routes.get(method) if node else None
        if route is None:
            raise NotFound("The resource could not be found.")
        names = _segments(route.template)
        values = {name[1:-1]: value for name, value in zip(names, segments, strict=True) if name.startswith("{")}
        return Match(route, values)

    def _add(self, route: Route) -> None:
        node = self._root
        for word in _segments(route.template):
            if word.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.static.setdefault(word, _Node())
        node.routes[route.method] = route


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _find(node: _Node, segments: list[str]) -> _Node | None:
    if not segments:
        return node if node.routes else None
    for child in (node.static.get(segments[0]), node.parameter):
        found = _find(child, segments[1:]) if child else None
        if found is not None:
            return found
    return None

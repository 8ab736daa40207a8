"""Routing of paths to operations."""

import pytest

from functions.base.errors import NotFound
from functions.entrypoint.routes import ROUTES
from functions.entrypoint.routing import Route, Router

ROUTER = Router(ROUTES)


def operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    match = ROUTER.match(method, path)
    return match.route.operation_id, match.parameters


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
def test_every_route_matches_its_own_template(route: Route) -> None:
    path = route.template.replace("{", "a-").replace("}", "")
    assert ROUTER.match(route.method, path).route is route


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1.0/p/instances/detail", "instances.detail"),
        ("/v1.0/p/instances/abc", "instances.show"),
        ("/v1.0/p/datastores/versions/abc", "datastores.show_version_by_id"),
        ("/v1.0/p/datastores/mysql/versions", "datastores.list_versions"),
        ("//v1.0//p///instances/", "instances.list"),
        ("/v1.0/", "versions.show"),
        ("/", "versions.list"),
        ("", "versions.list"),
    ],
)
def test_words_win_over_parameters_and_slashes_collapse(path: str, expected: str) -> None:
    assert operation("GET", path)[0] == expected


def test_parameters_are_decoded_within_their_segment() -> None:
    assert operation("GET", "/v1.0/p/datastores/a%2Fb%2ec") == (
        "datastores.show",
        {"project_id": "p", "datastore": "a/b.c"},
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2.0"),
        ("GET", "/v1.0/p"),
        ("GET", "/v1.0/p/instances/i/unknown"),
        ("PUT", "/v1.0/p/flavors"),
        ("get", "/"),
        ("OPTIONS", "*"),
    ],
)
def test_unknown_paths_and_methods_are_not_found(method: str, path: str) -> None:
    with pytest.raises(NotFound):
        ROUTER.match(method, path)

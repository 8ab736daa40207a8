"""Generated requests, good and bad, against the specification.

Every quota is 0 here: a request that is right in everything else ends with 413, so nothing is built.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import unsupported_method

from api_spec.generate import SPECIFICATION
from deploy.local.cloud import Cloud
from functions.entrypoint.routes import ROUTES
from functions.entrypoint.routing import Route
from tests.support.api import new_api
from tests.support.entrypoint import entrypoint

EXAMPLES = 25
"""Of each operation and kind."""

NOTHING = {"TROVE_QUOTA_INSTANCES": "0", "TROVE_QUOTA_BACKUPS": "0", "TROVE_QUOTA_VOLUMES": "0"}
ACCEPTED = ["2xx", "401", "403", "404", "409", "413", "422", "501"]
BY_MEANING = [
    "instances.create",
    "backups.create",
    "backups.list",
    "datastores.show_version",
    "datastores.list_flavors",
]
"""Operations that refuse with 400 what only the catalog, not a schema, can tell; as Trove does."""


@pytest.fixture(scope="module")
def api_schema(cloud: Cloud) -> Iterator[schemathesis.BaseSchema]:
    """The specification, bound to an entrypoint, a project and its token."""
    demo = new_api(cloud.session("demo"))
    with entrypoint(cloud, **NOTHING) as root:
        configuration = {
            "base-url": root,
            "headers": {"X-Auth-Token": demo.token},
            "parameters": {"path.project_id": demo.project_id, "path.datastore": "postgresql"},
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
            "operations": [
                {
                    "include-operation-id": [*BY_MEANING, "datastores.show_version_by_id"],
                    "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400"]}},
                }
            ],
        }
        config = schemathesis.Config.from_dict(configuration)
        yield schemathesis.openapi.from_path(SPECIFICATION, config=config)


KINDS = [(route, mode) for route in ROUTES for mode in GenerationMode if route.policy or mode.is_positive]
"""What is open to everybody takes no input that could be wrong."""


@pytest.mark.parametrize(("route", "mode"), KINDS, ids=lambda part: getattr(part, "operation_id", part))
def test_replies_follow_the_specification(
    api_schema: schemathesis.BaseSchema, route: Route, mode: GenerationMode
) -> None:
    operation = api_schema[route.template][route.method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def replies_follow_the_specification(case: Case[Any]) -> None:
        # A method that a path does not have is 404 in Trove, not 405.
        case.call_and_validate(excluded_checks=[unsupported_method])

    replies_follow_the_specification()

"""Generated requests, good and bad, against the specification.

Every quota is 0 here: a request that is right in everything else ends with 413, so nothing is built. What is no more
than a row goes to a database of this module's own. `make fuzz` asks for more examples (TROVE_FUZZ_EXAMPLES).
"""

import os
import uuid
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import unsupported_method
from sqlalchemy import create_engine, text

from api_spec.generate import SPECIFICATION
from deploy.local.cloud import Cloud
from functions.entrypoint.routes import ROUTES
from functions.entrypoint.routing import Route
from functions.state.migrations import upgrade
from tests.support.api import Api, new_api
from tests.support.entrypoint import entrypoint

FUZZING = "TROVE_FUZZ_EXAMPLES" in os.environ
"""Fuzzing looks for what is new; the tests of every day are the same each time."""
EXAMPLES = int(os.environ.get("TROVE_FUZZ_EXAMPLES", "10"))
"""Of each operation and kind."""
ENOUGH = 10_000
"""Requests that fuzzing sends at least."""
sent = count()

NOTHING = {"TROVE_QUOTA_INSTANCES": "0", "TROVE_QUOTA_BACKUPS": "0", "TROVE_QUOTA_VOLUMES": "0"}
ACCEPTED = ["2xx", "401", "403", "404", "409", "413", "422", "501"]
BY_MEANING = [
    "instances.create",
    "backups.create",
    "backups.list",
    "datastores.show_version",
    "datastores.list_flavors",
    "datastores.show_version_by_id",
]
"""Operations that refuse with 400 what only the catalog, not a schema, can tell; as Trove does."""


@pytest.fixture(scope="module")
def database(postgresql_server: str) -> Iterator[str]:
    """URL of the state's database for this module alone."""
    name = f"fuzz_{uuid.uuid4().hex[:12]}"
    engine = create_engine(postgresql_server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        upgrade(postgresql_server.format(name))
        yield postgresql_server.format(name)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def schemas(cloud: Cloud, database: str) -> Iterator[dict[bool, schemathesis.BaseSchema]]:
    """The specification, bound to an entrypoint and somebody's token: the administrator's for management."""
    callers = {False: new_api(cloud.session("demo")), True: new_api(cloud.session("admin"))}
    with entrypoint(cloud, **NOTHING, TROVE_DATABASE_URL=database) as root:
        yield {management: bound(root, caller) for management, caller in callers.items()}


def bound(root: str, caller: Api) -> schemathesis.BaseSchema:
    """The specification as one caller uses it."""
    configuration = {
        "base-url": root,
        "headers": {"X-Auth-Token": caller.token},
        "parameters": {"path.project_id": caller.project_id, "path.datastore": "postgresql"},
        "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
        "operations": [
            {
                "include-operation-id": BY_MEANING,
                "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400"]}},
            }
        ],
    }
    config = schemathesis.Config.from_dict(configuration)
    return schemathesis.openapi.from_path(SPECIFICATION, config=config)


KINDS = [(route, mode) for route in ROUTES for mode in GenerationMode if route.policy or mode.is_positive]
"""What is open to everybody takes no input that could be wrong."""


@pytest.mark.parametrize(("route", "mode"), KINDS, ids=lambda part: getattr(part, "operation_id", part))
def test_replies_follow_the_specification(
    schemas: dict[bool, schemathesis.BaseSchema], route: Route, mode: GenerationMode
) -> None:
    operation = schemas["/mgmt/" in route.template][route.template][route.method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=not FUZZING,
    )
    def replies_follow_the_specification(case: Case[Any]) -> None:
        next(sent)
        # A method that a path does not have is 404 in Trove, not 405.
        case.call_and_validate(excluded_checks=[unsupported_method])

    replies_follow_the_specification()


@pytest.mark.skipif(not FUZZING, reason="the tests of every day send few requests: 'make fuzz' sends enough")
def test_enough_requests_were_sent() -> None:
    cases = next(sent)
    assert cases >= ENOUGH, f"only {cases} requests were sent"

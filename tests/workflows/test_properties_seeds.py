"""The three properties of new replicas whose engine begins with a backup: see `tests.workflows.properties`."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.releases import releases
from tests.workflows import properties
from tests.workflows.properties import RULES, Standing, failures, standing_in
from tests.workflows.runner import Runner
from tests.workflows.world import World

SEEDED = [release.datastore.name for release in releases() if release.datastore.seeds == "backup"]
FAILURES = [step for _kind, step in failures(["replica_create"])]


@pytest.fixture(scope="module", params=SEEDED)
def standing(request: pytest.FixtureRequest, world: World, runner: Runner) -> Iterator[Standing]:
    """An instance of such an engine."""
    with standing_in(replace(world, datastore=request.param), runner) as there:
        yield there


@pytest.mark.parametrize("rule", RULES)
def test_each_step_twice(standing: Standing, rule: str) -> None:
    properties.each_step_twice(standing, "replica_create", RULES[rule])


@pytest.mark.parametrize("step", FAILURES)
def test_failure_at_each_step(standing: Standing, step: str) -> None:
    properties.failure_at(standing, "replica_create", step)


def test_each_compensation_twice(standing: Standing) -> None:
    properties.each_compensation_twice(standing, "replica_create")

"""The three properties of what reaches the replicas of an instance, too: see `tests.workflows.properties`."""

from collections.abc import Iterator

import pytest

from tests.workflows import properties
from tests.workflows.properties import FOLLOWED, RULES, Standing, failures, new_replica, standing_in
from tests.workflows.runner import Runner
from tests.workflows.world import World

FAILURES = failures(FOLLOWED)


@pytest.fixture(scope="module")
def standing(world: World, runner: Runner) -> Iterator[Standing]:
    """An instance with a replica."""
    with standing_in(world, runner) as there:
        new_replica(there)
        yield there


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", FOLLOWED)
def test_each_step_twice(standing: Standing, kind: str, rule: str) -> None:
    properties.each_step_twice(standing, kind, RULES[rule])


@pytest.mark.parametrize(("kind", "step"), FAILURES, ids=[f"{kind}-{step}" for kind, step in FAILURES])
def test_failure_at_each_step(standing: Standing, kind: str, step: str) -> None:
    properties.failure_at(standing, kind, step)


@pytest.mark.parametrize("kind", FOLLOWED)
def test_each_compensation_twice(standing: Standing, kind: str) -> None:
    properties.each_compensation_twice(standing, kind)

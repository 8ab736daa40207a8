"""The three properties of what begins or ends an instance or backup: see `tests.workflows.properties`."""

import pytest

from tests.workflows import properties
from tests.workflows.properties import LIVES, RULES, Standing, failures

FAILURES = failures(LIVES)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", LIVES)
def test_each_step_twice(standing: Standing, kind: str, rule: str) -> None:
    properties.each_step_twice(standing, kind, RULES[rule])


@pytest.mark.parametrize(("kind", "step"), FAILURES, ids=[f"{kind}-{step}" for kind, step in FAILURES])
def test_failure_at_each_step(standing: Standing, kind: str, step: str) -> None:
    properties.failure_at(standing, kind, step)


@pytest.mark.parametrize("kind", LIVES)
def test_each_compensation_twice(standing: Standing, kind: str) -> None:
    properties.each_compensation_twice(standing, kind)

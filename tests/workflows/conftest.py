"""A project of its own, a runner of its operations, and something that stands while they come and go."""

import json
import os
from collections.abc import Iterator

import pytest

from deploy.local.cloud import Cloud
from functions.base.settings import get_settings
from functions.state.operations.acceptance import Caller
from tests.support.step_proxy import StepProxy
from tests.workflows.properties import Standing, standing_in
from tests.workflows.runner import Runner
from tests.workflows.world import World


@pytest.fixture(scope="session")
def runner(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[Runner]:
    """A runner for a project of its own, so that its quota is not another test's."""
    proxy = StepProxy(cloud.function_urls)
    os.environ["TROVE_FUNCTION_URLS"] = json.dumps(proxy.urls)
    get_settings.cache_clear()
    yield Runner(proxy, Caller("workflow-tests", "tester", "req-workflow-tests"))
    proxy.close()


@pytest.fixture(scope="session")
def world(cloud: Cloud, runner: Runner) -> World:
    """The project of the runner."""
    return World(cloud, runner.caller)


@pytest.fixture(scope="module")
def standing(world: World, runner: Runner) -> Iterator[Standing]:
    """An instance and two backups of it; its replica may be brought back as often as there are tests of that."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TROVE_REJOINS_AN_HOUR", "1000")
        get_settings.cache_clear()
        with standing_in(world, runner) as there:
            yield there
    get_settings.cache_clear()

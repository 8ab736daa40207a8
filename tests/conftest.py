"""What every tier shares: one embedded cloud for the whole run, and the order of the tiers."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from deploy.local.engines import availability, tools, trees
from functions.base.settings import get_settings
from tests.support.api import Api, new_api

pytest.register_assert_rewrite("tests.workflows.properties")

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

os.environ["PATH"] = tools.search_path(trees.directory())

TIERS = ("unit", "workflows", "api", "clients", "e2e", "faults", "soak", "bench")
TESTS = Path(__file__).parent
RELEASE = re.compile(r"\[[a-z]+-[0-9.]+")
"""The version of a datastore, as the name of a test begins to tell its parameters."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tiers first."""
    items.sort(key=lambda item: TIERS.index(item.path.relative_to(TESTS).parts[0]))


def left_out() -> list[availability.Availability]:
    """The datastore versions that this run does not test, since their programs are not here."""
    return availability.missing(catalog(), trees.directory())


def all_engines_wanted() -> bool:
    """Whether a version that is not tested fails the run, as it does in CI."""
    return bool(os.environ.get("TROVE_ALL_ENGINES") or os.environ.get("CI"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that leaves something out is none, where all engines are wanted."""
    if all_engines_wanted() and left_out() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and how to get it."""
    missing = left_out()
    if missing:
        terminalreporter.section("datastores left out", red=all_engines_wanted(), yellow=not all_engines_wanted())
    for found in missing:
        terminalreporter.line(f"{found.words}: {found.problem}; get it with: {found.remedy}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Workers share tests by file, and the tests of all datastore versions by version too."""
    from xdist.scheduler.loadfile import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            release = RELEASE.search(nodeid)
            return f"{super()._split_scope(nodeid)}{release[0] if release else ''}"

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """An embedded cloud that is up; the one in TROVE_STATE, which is kept, or else one of this run's own."""
    if kept := os.environ.get("TROVE_STATE"):
        running = Cloud(Path(kept))
        running.up()
        yield running
        return
    with tempfile.TemporaryDirectory(prefix="trove-") as directory:
        Path(directory).chmod(0o755)
        own = Cloud(Path(directory) / "state")
        own.up()
        yield own
        own.destroy()


@pytest.fixture(scope="module")
def demo(cloud: Cloud) -> Api:
    """The API as a tenant sees it."""
    return new_api(cloud.session("demo"))


@pytest.fixture(scope="module")
def other(cloud: Cloud) -> Api:
    """The API as another tenant sees it."""
    return new_api(cloud.session("other"))


@pytest.fixture(scope="module")
def admin(cloud: Cloud) -> Api:
    """The API as an administrator sees it."""
    return new_api(cloud.session("admin"))


@pytest.fixture(scope="session")
def product_environment(cloud: Cloud) -> dict[str, str]:
    """This process has the settings of the group `control`: the product's own modules work here as they do there."""
    environment = cloud.function_environment("control")
    os.environ.update({name: value for name, value in environment.items() if name.startswith("TROVE_")})
    get_settings.cache_clear()
    return environment


@pytest.fixture(scope="session")
def postgresql_server(cloud: Cloud) -> str:
    """URL of the embedded cloud's own PostgreSQL as its superuser; `{}` stands for the database."""
    return f"postgresql+psycopg2://postgres@/{{}}?host={cloud.state.run}"

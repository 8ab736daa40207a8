"""What every tier shares: one embedded cloud for the whole run, and the order of the tiers."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.cloud import Cloud

TIERS = ("unit", "workflows", "api", "clients", "e2e", "faults", "bench")
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tiers first."""
    items.sort(key=lambda item: TIERS.index(item.path.relative_to(TESTS).parts[0]))


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


@pytest.fixture(scope="session")
def product_environment(cloud: Cloud) -> dict[str, str]:
    """This process's settings are those of the cloud group: the product's own modules work here as they do there."""
    environment = cloud.function_environment("cloud")
    os.environ.update({name: value for name, value in environment.items() if name.startswith("TROVE_")})
    return environment


@pytest.fixture(scope="session")
def postgresql_server(cloud: Cloud) -> str:
    """URL of the embedded cloud's own PostgreSQL as its superuser; `{}` stands for the database."""
    return f"postgresql+psycopg2://postgres@/{{}}?host={cloud.state.run}"

"""Hosts without SSH and an object store at the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.host_driver import HostDriver, directory, own, wheels
from tests.support.releases import Release, releases
from tests.support.tempurl_sink import TempUrlSink


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker of stories known."""
    config.addinivalue_line(
        "markers", "needs(*capabilities, parameter): the story is for releases that have these, and a parameter to try"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the stories of roles that a release does not play."""
    left_out = [item for item in items if not _is_played(item)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _is_played(item: pytest.Item) -> bool:
    marker, call = item.get_closest_marker("needs"), getattr(item, "callspec", None)
    if marker is None or call is None:
        return True
    release: Release = call.params["release"]
    parameter = marker.kwargs.get("parameter")
    has_parameter = parameter is None or getattr(release.conformance, parameter) is not None
    return has_parameter and all(release.can(capability) for capability in marker.args)


@pytest.fixture(scope="module", params=releases(), ids=str)
def release(request: pytest.FixtureRequest) -> Release:
    """A version of a datastore: the test is for every one that this machine runs."""
    found: Release = request.param
    return found


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A short path that belongs to the engine's user."""
    with directory() as path:
        yield path


@pytest.fixture(scope="module")
def software(scratch: Path) -> Path:
    """Where the engines' wheels are."""
    return wheels(scratch)


class Hosts:
    """Makes hosts and kills what runs on them at the end."""

    def __init__(self, scratch: Path, software: Path) -> None:
        self._scratch, self._software = scratch, software
        self.made: list[HostDriver] = []

    def make(self, datastore: str, version: str | None = None, memory_mb: int = 512) -> HostDriver:
        """A new host for a version of a datastore."""
        root = self._scratch / f"host{len(list(self._scratch.iterdir()))}"
        root.mkdir()
        own(root)
        self.made.append(HostDriver(root, self._software, datastore, version, memory_mb))
        return self.made[-1]


@pytest.fixture(scope="module")
def hosts(scratch: Path, software: Path) -> Iterator[Hosts]:
    """A maker of hosts."""
    made = Hosts(scratch, software)
    yield made
    for host in made.made:
        host.destroy()


@pytest.fixture
def sink() -> Iterator[TempUrlSink]:
    """An object store."""
    with TempUrlSink() as running:
        yield running

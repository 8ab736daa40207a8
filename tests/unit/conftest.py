"""The unit tier runs with the settings' defaults and leaves none behind for the tiers after it."""

from collections.abc import Iterator

import pytest

from functions.base.settings import get_settings


@pytest.fixture(scope="package", autouse=True)
def settings_are_forgotten() -> Iterator[None]:
    """Read settings anew after this tier."""
    yield
    get_settings.cache_clear()

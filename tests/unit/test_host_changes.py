"""What changes of an instance need on a host: networks as arguments, and the volume's file system."""

from pathlib import Path
from typing import Any

import pytest

from datastores.host import arguments, volume
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts


@pytest.mark.parametrize(
    ("value", "cidrs"),
    [(None, []), ([], []), (["10.0.0.0/8", "192.0.2.1/32", "::/0"], ["10.0.0.0/8", "192.0.2.1/32", "::/0"])],
)
def test_networks(value: Any, cidrs: list[str]) -> None:  # noqa: ANN401 - JSON
    assert arguments.allowed_cidrs({"allowed_cidrs": value}) == cidrs


@pytest.mark.parametrize("value", [7, ["all"], ["10.0.0.1/8"], [None], ["10.0.0.0/8 trust\nhost all all all"]])
def test_what_is_no_network_never_reaches_a_rule(value: Any) -> None:  # noqa: ANN401 - JSON
    with pytest.raises(BadRequest, match="'allowed_cidrs' must be a list of networks"):
        arguments.allowed_cidrs({"allowed_cidrs": value})


def test_a_directory_that_is_no_volume_of_its_own_has_nothing_to_grow(tmp_path: Path) -> None:
    volume.grow(Facts("h", "local", tmp_path, "127.0.0.1", None, "python3", {}, 512, 1, 1))

"""What changes of an instance need on a host: networks, and the volume's file system."""

from pathlib import Path

import pytest

from datastores.host import volume
from datastores.host.facts import Facts
from datastores.protocol import codec
from datastores.protocol.codec import ProtocolError
from datastores.protocol.engine import Access, Create, Restart, Start


@pytest.mark.parametrize("networks", [[], ["10.0.0.0/8", "192.0.2.1/32", "192.0.2.2", "::/0"]])
def test_networks(networks: list[str]) -> None:
    asked = codec.decode(Access, {"allowed_cidrs": networks})
    assert asked.allowed_cidrs == tuple(networks)


@pytest.mark.parametrize("value", [7, None, ["all"], ["10.0.0.1/8"], [None], ["10.0.0.0/8 trust\nhost all all all"]])
@pytest.mark.parametrize("kind", [Access, Restart, Start, Create])
def test_what_is_no_network_never_reaches_a_rule(value: object, kind: type[Access]) -> None:
    needed: dict[str, object] = {} if kind is Access else {"settings": {}}
    with pytest.raises(ProtocolError, match="allowed_cidrs"):
        codec.decode(kind, {"allowed_cidrs": value, **needed})


def test_a_directory_that_is_no_volume_of_its_own_has_nothing_to_grow(tmp_path: Path) -> None:
    volume.grow(Facts("h", "local", tmp_path, "127.0.0.1", None, "python3", {}, 512, 1, 1))

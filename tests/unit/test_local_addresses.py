"""Addresses of an embedded cloud: chosen once, free, and clear when they are not."""

import ipaddress
import socket
from pathlib import Path

import pytest

from deploy.local import addresses
from deploy.local.addresses import Addresses
from deploy.local.errors import AddressError


def test_a_network_is_chosen_once(tmp_path: Path) -> None:
    chosen = addresses.load_or_choose(tmp_path)
    assert addresses.load_or_choose(tmp_path) == addresses.load(tmp_path) == chosen
    first, second, _, _ = chosen.network.network_address.packed
    assert first == 127
    assert 16 <= second <= 254
    assert chosen.network.prefixlen == 24


def test_the_control_plane_has_address_1_and_hosts_begin_at_10() -> None:
    where = Addresses(ipaddress.IPv4Network("127.20.30.0/24"))
    hosts = list(where.hosts())
    assert where.control == "127.20.30.1"
    assert (hosts[0], hosts[-1], len(hosts)) == ("127.20.30.10", "127.20.30.254", 245)
    assert where.url("entrypoint", "/v1.0") == "http://127.20.30.1:8779/v1.0"


def test_a_taken_port_is_named_after_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_LEFTOVER_SECONDS", 0)
    where = addresses.choose()
    with socket.socket() as other:
        other.bind((where.control, 5000))
        other.listen()
        assert addresses.taken(where) == [f"{where.control}:5000"]
        with pytest.raises(AddressError, match=rf"{where.control}:5000.*stop it"):
            addresses.wait_free(where)


def test_no_free_network_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "taken", lambda _where: ["all"])
    with pytest.raises(AddressError, match="no free loopback network"):
        addresses.choose()


def test_a_state_without_a_cloud_is_said(tmp_path: Path) -> None:
    with pytest.raises(AddressError, match="trovectl --state"):
        addresses.load(tmp_path)

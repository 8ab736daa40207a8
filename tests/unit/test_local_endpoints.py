"""Endpoints of the embedded cloud without a running proxy: configuration, commands, slots, the claimed address."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import addresses
from deploy.local.endpoints import haproxy, lifecycle
from deploy.local.endpoints.layout import SLOTS, EndpointDirectory, EndpointFacts
from deploy.local.endpoints.lifecycle import EndpointError, EndpointSpec
from deploy.local.errors import AddressError

PRIMARY = EndpointFacts(
    endpoint_id="e",
    owner="o",
    kind="primary",
    address="127.20.30.254",
    ports=(5432, 6432),
    allowed_cidrs=("10.0.0.0/8", "2001:db8::/32"),
    slots=("127.20.30.10",),
)
READERS = replace(PRIMARY, kind="readers", ports=(5432,), slots=("127.20.30.10", "", "127.20.30.12"))
NOBODY = EndpointSpec("0123-4567", "o", "primary", (5432,), (), ())


def blocks(facts: EndpointFacts) -> dict[str, list[str]]:
    """The sections of the configuration by their headings."""
    sections = [section.splitlines() for section in haproxy.configuration(facts).strip().split("\n\n")]
    return {section[0]: [line.strip() for line in section[1:]] for section in sections}


def test_each_port_listens_at_the_address_and_connects_from_it() -> None:
    found = blocks(PRIMARY)
    for port in PRIMARY.ports:
        assert f"bind 127.20.30.254:{port}" in found[f"frontend port-{port}"]
        assert "source 127.20.30.254" in found[f"backend port-{port}"]
        assert f"server target-0 127.20.30.10:{port}" in found[f"backend port-{port}"]


def test_clients_of_a_target_that_is_gone_do_not_wait() -> None:
    found = blocks(PRIMARY)
    assert "timeout connect 2s" in found["defaults"]
    assert "retries 0" in found["backend port-5432"]


def test_readers_share_connections_and_a_free_slot_gets_none() -> None:
    backend = blocks(READERS)["backend port-5432"]
    assert {"balance leastconn", "option redispatch 1"} <= {*backend}
    assert [line for line in backend if line.startswith("server")] == [
        "server target-0 127.20.30.10:5432",
        "server target-1 0.0.0.0:5432 disabled",
        "server target-2 127.20.30.12:5432",
    ]


def test_only_allowed_networks_may_connect() -> None:
    assert "tcp-request connection reject unless { src -f networks }" in blocks(PRIMARY)["frontend port-5432"]
    assert haproxy.networks(PRIMARY) == "10.0.0.0/8\n2001:db8::/32\n"
    assert haproxy.networks(replace(PRIMARY, allowed_cidrs=())) == "0.0.0.0/0\n::/0\n"


def test_a_move_ends_the_sessions_to_the_former_target_on_every_port() -> None:
    assert haproxy.commands(PRIMARY, replace(PRIMARY, slots=("127.20.30.11",))) == [
        command
        for port in PRIMARY.ports
        for command in (
            f"set server port-{port}/target-0 addr 127.20.30.11",
            f"set server port-{port}/target-0 state ready",
            f"shutdown sessions server port-{port}/target-0",
        )
    ]


def test_sessions_to_a_reader_that_stays_are_not_touched() -> None:
    moves = haproxy.commands(READERS, replace(READERS, slots=("127.20.30.10", "127.20.30.13", "")))
    assert not any("target-0" in move for move in moves)
    assert "set server port-5432/target-2 state maint" in moves
    assert haproxy.commands(READERS, READERS) == []


@pytest.mark.parametrize(
    ("targets", "slots", "number", "expected"),
    [
        (("a",), (), 1, ("a",)),
        (("b",), ("a",), 1, ("b",)),
        ((), ("a",), 1, ("",)),
        (("c", "b"), ("a", "b", ""), 3, ("c", "b", "")),
        (("b", "b"), (), 2, ("b", "")),
    ],
)
def test_a_target_keeps_its_slot(
    targets: tuple[str, ...], slots: tuple[str, ...], number: int, expected: tuple[str, ...]
) -> None:
    assert lifecycle.assign(targets, slots, number) == expected


def test_too_many_targets_are_refused() -> None:
    with pytest.raises(EndpointError, match="1 at most"):
        lifecycle.assign(("a", "b"), (), SLOTS["primary"])


def test_facts_are_read_as_they_were_written() -> None:
    assert EndpointFacts.parse(READERS.text()) == READERS
    assert READERS.targets == ["127.20.30.10", "127.20.30.12"]


def test_an_endpoint_has_an_address_that_no_host_gets(tmp_path: Path) -> None:
    addresses.load_or_choose(tmp_path)
    network = addresses.load(tmp_path).network
    host = tmp_path / "hosts" / "0123456789ab"
    host.mkdir(parents=True)
    (host / "facts.json").write_text(json.dumps({"address": str(network[254])}))
    facts = lifecycle.ensure(tmp_path, NOBODY).facts()
    assert facts is not None and facts.address == str(network[253])
    with addresses.claim(tmp_path, [str(network[253]), str(network[252])]) as address:
        assert address == str(network[252])
    with pytest.raises(AddressError, match="delete an instance"), addresses.claim(tmp_path, [str(network[254])]):
        pass


def test_an_endpoint_without_targets_needs_no_proxy_and_keeps_its_address(tmp_path: Path) -> None:
    addresses.load_or_choose(tmp_path)
    endpoint = lifecycle.ensure(tmp_path, NOBODY)
    first = endpoint.facts()
    assert lifecycle.pid(endpoint) is None and lifecycle.serving(endpoint)
    lifecycle.ensure(tmp_path, replace(NOBODY, owner="another", allowed_cidrs=("10.0.0.0/8",)))
    second = endpoint.facts()
    assert first is not None and second is not None and second.address == first.address
    assert endpoint.belongs_to("another") and not endpoint.belongs_to("o")
    lifecycle.destroy(tmp_path, endpoint)
    lifecycle.destroy(tmp_path, endpoint)
    assert lifecycle.endpoints(tmp_path) == []


def test_what_an_interruption_left_is_removed(tmp_path: Path) -> None:
    addresses.load_or_choose(tmp_path)
    rubbish = EndpointDirectory(tmp_path / "endpoints" / ".0123456789ab.ff00")
    rubbish.root.mkdir(parents=True)
    rubbish.write(PRIMARY)
    lifecycle.ensure(tmp_path, NOBODY)
    assert not rubbish.root.exists()

"""The loopback network of one embedded cloud.

Each cloud has a random 127.A.B.0/24 (A from 16 to 254) for as long as its state directory exists, so several clouds run
side by side. The services listen on address 1, each on its standard port; hosts have the addresses from 10 on, and
endpoints those from 254 down.
"""

import errno
import ipaddress
import json
import os
import secrets
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import AddressError
from deploy.local.locks import locked

PORTS = {
    "keystone": 5000,
    "heat": 8004,
    "swift": 8080,
    "entrypoint": 8779,
    "control": 8780,
    "hosts": 8781,
    "mistral": 8989,
    "barbican": 9311,
}
"""Port of each service on the control address."""

STORAGE_PORTS = {"object": 6200, "container": 6201, "account": 6202}
"""Ports of Swift's own back ends, on the control address."""

FIRST_HOST = 10
"""Lowest address of a host in the network."""
CLAIMS = ("hosts/[!.]*/facts.json", "endpoints/[!.]*/facts.json")
"""Files of a state directory whose `address` is taken."""
HOST_SSH_PORT = 2222
_FILE = "network"
_ATTEMPTS = 50
"""Random networks that `choose` tries before it gives up."""
_LEFTOVER_SECONDS = 10.0
"""Seconds that `wait_free` waits for the processes of a killed cloud to end."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of one cloud."""

    network: ipaddress.IPv4Network

    @property
    def control(self) -> str:
        """Address of the control plane."""
        return str(self.network[1])

    def url(self, service: str, path: str = "") -> str:
        """Return the URL of a service listed in PORTS."""
        return f"http://{self.control}:{PORTS[service]}{path}"

    def hosts(self) -> Iterator[str]:
        """Yield the addresses that hosts may have, lowest first."""
        for number in range(FIRST_HOST, 255):
            yield str(self.network[number])

    def endpoints(self) -> Iterator[str]:
        """Yield the addresses that endpoints may have, highest first, since hosts take the lowest."""
        for number in range(254, FIRST_HOST - 1, -1):
            yield str(self.network[number])


@contextmanager
def claim(state: Path, candidates: Iterable[str]) -> Iterator[str]:
    """Yield the first candidate that no host or endpoint has; the block writes the file of CLAIMS that takes it.

    Raises:
        AddressError: all candidates are taken.
    """
    with locked(state / "addresses.lock"):
        claimed = set(_claimed(state))
        address = next((candidate for candidate in candidates if candidate not in claimed), None)
        if address is None:
            raise AddressError("every address of this cloud is taken: delete an instance first")
        yield address


def _claimed(state: Path) -> Iterator[str]:
    """Yield the addresses of hosts and endpoints; one that is destroyed meanwhile has none."""
    for file in (file for pattern in CLAIMS for file in state.glob(pattern)):
        with suppress(FileNotFoundError):
            yield json.loads(file.read_text())["address"]


def load(state: Path) -> Addresses:
    """Return the addresses of the cloud in a state directory.

    Raises:
        AddressError: no cloud was started there.
    """
    try:
        text = (state / _FILE).read_text()
    except FileNotFoundError:
        raise AddressError(f"there is no cloud in {state}: start one with 'trovectl --state {state} up'") from None
    return Addresses(ipaddress.IPv4Network(text.strip()))


def load_or_choose(state: Path) -> Addresses:
    """Return the cloud's addresses; at the first call choose a free network and store it in the state directory.

    Raises:
        AddressError: no network is free, or this machine has only one loopback address.
    """
    if (state / _FILE).exists():
        return load(state)
    addresses = choose()
    partial = state / f"{_FILE}.{os.getpid()}"
    partial.write_text(f"{addresses.network}\n")
    partial.replace(state / _FILE)
    return addresses


def choose() -> Addresses:
    """Return a random network whose ports are all free.

    Raises:
        AddressError: none was found in 50 attempts.
    """
    for _ in range(_ATTEMPTS):
        first, second = 16 + secrets.randbelow(239), secrets.randbelow(256)
        addresses = Addresses(ipaddress.IPv4Network(f"127.{first}.{second}.0/24"))
        if not taken(addresses):
            return addresses
    raise AddressError(
        f"no free loopback network in {_ATTEMPTS} attempts: stop clouds that are not needed ('trovectl destroy')"
    )


def taken(addresses: Addresses) -> list[str]:
    """Return each "address:port" of this network that another process listens on."""
    endpoints = [(addresses.control, port) for port in (*PORTS.values(), *STORAGE_PORTS.values())]
    endpoints.append((next(addresses.hosts()), HOST_SSH_PORT))
    return [f"{address}:{port}" for address, port in endpoints if not _can_bind(address, port)]


def wait_free(addresses: Addresses) -> None:
    """Wait until the services' ports are free: the processes of a killed cloud need a moment to end.

    Raises:
        AddressError: another process listens on one of its ports.
    """
    ssh = f"{next(addresses.hosts())}:{HOST_SSH_PORT}"
    deadline = time.monotonic() + _LEFTOVER_SECONDS
    while busy := [endpoint for endpoint in taken(addresses) if endpoint != ssh]:
        if time.monotonic() > deadline:
            raise AddressError(
                f"another process listens on {', '.join(busy)}: stop it (see 'ss -ltnp'), or use another --state DIR"
            )
        time.sleep(0.05)


def _can_bind(address: str, port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise AddressError(
                    f"this machine has no address {address}: the embedded cloud needs the whole of 127.0.0.0/8 on the "
                    "loopback interface, as Linux has it"
                ) from error
            return False
    return True

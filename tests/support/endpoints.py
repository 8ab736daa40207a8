"""Stacks of endpoints on the real Heat, and small servers that say who they are."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.cloud import Cloud
from deploy.local.endpoints.layout import EndpointDirectory
from functions.cloud import heat

HEAT = Path(__file__).parents[2] / "deploy" / "heat"
TEMPLATE = HEAT / "endpoint.yaml"
LOCAL = HEAT / "substrates" / "local.yaml"
WAIT = 60.0
"""Seconds that Heat may take for a change."""
PORT = 5432


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT} s: {what}"
        time.sleep(0.02)


@dataclass
class EndpointStack:
    """The stack of an endpoint of the test's own."""

    cloud: Cloud
    kind: str = "primary"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def name(self) -> str:
        """The stack's name."""
        return f"trove-endpoint-{self.id}"

    @property
    def directory(self) -> EndpointDirectory:
        """The endpoint's directory."""
        return EndpointDirectory.of(self.cloud.state.path, self.id)

    @property
    def address(self) -> str:
        """The address that clients connect to."""
        facts = self.directory.facts()
        assert facts is not None
        return facts.address

    def ask(self, targets: Sequence[str], allowed_cidrs: Sequence[str] = (), ports: Sequence[int] = (PORT,)) -> None:
        """Ask Heat to lead it somewhere, without waiting."""
        parameters: dict[str, object] = {
            "endpoint_id": self.id, "project_id": "p", "operation_id": "o", "kind": self.kind, "ports": [*ports],
            "targets": [*targets], "allowed_cidrs": [*allowed_cidrs], "public": False,
        }  # fmt: skip
        eventually(lambda: heat.apply(self.name, TEMPLATE, LOCAL, parameters), "Heat accepts")

    def lead_to(
        self, *targets: str, allowed_cidrs: Sequence[str] = (), ports: Sequence[int] = (PORT,)
    ) -> heat.StackStatus:
        """Lead it somewhere and wait until Heat says that it is done."""
        self.ask(targets, allowed_cidrs, ports)
        return self.settled()

    def settled(self) -> heat.StackStatus:
        """The stack's status once Heat has made it."""
        eventually(lambda: heat.status(self.name).state != "in_progress", "the stack is at rest")
        status = heat.status(self.name)
        assert status.state == "complete", status.reason
        return status

    def delete(self) -> None:
        """Delete the stack and wait for its end."""
        heat.delete(self.name)
        eventually(lambda: heat.status(self.name).state == "absent", "the stack is gone")


@contextmanager
def an_endpoint(cloud: Cloud, kind: str = "primary") -> Iterator[EndpointStack]:
    """An endpoint that is gone after the block; it has no stack until the block makes one."""
    stack = EndpointStack(cloud, kind)
    try:
        yield stack
    finally:
        stack.delete()


class Speaker:
    """A server at an address that says the address and its peer's to each client, then keeps the session open."""

    def __init__(self, address: str, port: int = PORT) -> None:
        self.address = address
        self._listener = socket.create_server((address, port))
        self._sessions: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                session, peer = self._listener.accept()
            except OSError:
                return
            self._sessions.append(session)
            session.sendall(f"{self.address} {peer[0]}\n".encode())

    def close(self) -> None:
        """End, as a host that dies does."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for session in self._sessions:
            session.close()


@contextmanager
def speakers(cloud: Cloud, count: int) -> Iterator[list[Speaker]]:
    """Servers at addresses of the cloud that no host has."""
    network = cloud.addresses.network
    servers = [Speaker(str(network[100 + number])) for number in range(count)]
    try:
        yield servers
    finally:
        for server in servers:
            server.close()


def greeted(address: str, source: str = "", port: int = PORT) -> str:
    """What a new session through an endpoint is told first; empty if it is not let in."""
    try:
        with connect(address, source, port) as session:
            return hear(session)
    except ConnectionResetError:
        return ""


def connect(address: str, source: str = "", port: int = PORT) -> socket.socket:
    """A new session. Raises ConnectionRefusedError."""
    return socket.create_connection((address, port), 5, (source, 0) if source else None)


def hear(session: socket.socket) -> str:
    """The next words of a session; empty once it has ended."""
    session.settimeout(5)
    try:
        return session.recv(100).decode().strip()
    except ConnectionResetError:
        return ""

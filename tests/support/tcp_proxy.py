"""A proxy before one TCP port that cuts, hangs or slows on order: a host that cannot be reached, at the wire."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from functions.state.database import transaction
from functions.state.hosts.models import Host
from tests.support.operations import host_id_of

BLOCK = 65_536
LATENCY_SECONDS = 1.0
"""For each block, each way."""


class Line(StrEnum):
    """What the line does, to connections that are open and to those that come."""

    SOUND = "sound"
    REFUSED = "refused"
    """Reset at once."""
    DROPPED = "dropped"
    """Nobody answers to SYN; what is open is silent."""
    SILENT = "silent"
    """Connections are taken, and nothing passes."""
    SLOW = "slow"
    """Everything passes late."""


class TcpProxy:
    """Forwards connections to `upstream` as the line allows."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self._upstream = upstream
        self._line = Line.SOUND
        self._open: set[socket.socket] = set()
        self._fillers: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def turn(self, line: Line) -> None:
        """The line is so from now on."""
        self._line = line
        for filler in self._fillers:
            filler.close()
        self._fillers = []
        if line == Line.DROPPED:
            self._fill_queue()
        if line == Line.REFUSED:
            for connection in list(self._open):
                _reset(connection)

    def close(self) -> None:
        """Stop, and break what is open."""
        self.turn(Line.REFUSED)
        self._listener.close()

    def _fill_queue(self) -> None:
        """The kernel drops SYN once as many connections wait as `listen` allows."""
        self._listener.listen(0)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def _accept(self) -> None:
        while self._listener.fileno() >= 0:
            if self._line == Line.DROPPED:
                time.sleep(0.02)
                continue
            self._listener.settimeout(0.1)
            with contextlib.suppress(OSError):
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._line == Line.REFUSED:
            _reset(client)
            return
        with contextlib.suppress(OSError), client, socket.create_connection(self._upstream) as server:
            client.settimeout(None)
            self._open |= {client, server}
            back = threading.Thread(target=self._pass, args=[server, client], daemon=True)
            back.start()
            self._pass(client, server)
            back.join()
            self._open -= {client, server}

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(BLOCK):
                if self._line == Line.SLOW:
                    time.sleep(LATENCY_SECONDS)
                while self._line in {Line.SILENT, Line.DROPPED}:
                    time.sleep(0.02)
                sink.sendall(block)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _reset(connection: socket.socket) -> None:
    """End it by RST."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@contextmanager
def before_host(instance_id: str) -> Iterator[TcpProxy]:
    """Inside the block the instance's host is reached through the proxy by everything that reads its address."""
    host_id = host_id_of(instance_id)
    with transaction() as session:
        host = session.get_one(Host, host_id, with_for_update=True)
        address = str(host.management_address), int(host.management_port or 0)
        proxy = TcpProxy(address)
        host.management_address, host.management_port = "127.0.0.1", proxy.port
    try:
        yield proxy
    finally:
        with transaction() as session:
            host = session.get_one(Host, host_id, with_for_update=True)
            host.management_address, host.management_port = address
        proxy.close()

"""The HTTP server of a function group: waitress, which receives a request whole before one of its threads serves it.

It adds what waitress lacks: limits of connections per client address and of the time that a request takes to arrive,
eviction of idle connections when there are too many, and a stop that lets received requests be answered.
"""

import resource
import signal
import socket
import time
from collections.abc import Iterable

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from deploy.image.connections import Connection, Phase
from deploy.image.limits import Limits

OTHER_FILES = 256
"""Open files that the process may have beside clients' connections."""
SEND_BUFFER_BYTES = 65_536
"""Bytes of a response that the kernel buffers for a client; its own default is megabytes."""
_TICK_SECONDS = 1


class Server(TcpWSGIServer):  # type: ignore[misc]
    """The server of one process."""

    channel_class = Connection

    def __init__(self, application: object, host: str, port: int, limits: Limits) -> None:
        self.limits = limits
        self._stopping = False
        self._checked_at = 0.0
        self._connections = min(limits.connections, _allow_files(limits.connections + OTHER_FILES))
        adjustments = Adjustments(
            listen=f"{host}:{port}",
            threads=limits.threads,
            ident=None,
            connection_limit=self._connections + OTHER_FILES,
            asyncore_loop_timeout=_TICK_SECONDS,
            asyncore_use_poll=True,
            log_socket_errors=False,
            max_request_header_size=limits.header_bytes,
            max_request_body_size=limits.body_bytes + 1,
            inbuf_overflow=65_536,
            clear_untrusted_proxy_headers=False,
        )
        super().__init__(application, adj=adjustments)

    def handle_accept(self) -> None:
        """Accept a connection; if there are too many now, close the first by `eviction_order`."""
        super().handle_accept()
        connections = list(self.active_channels.values())
        if not connections:
            return
        client = connections[-1].addr[0]
        same_client = [connection for connection in connections if connection.addr[0] == client]
        if client not in self.limits.trusted_proxies and len(same_client) > self.limits.client_connections:
            _evict_one(same_client)
        elif len(connections) > self._connections:
            _evict_one(connections)

    def set_socket_options(self, conn: socket.socket) -> None:
        """Limit the data that the kernel buffers for a client that does not read."""
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def maintenance(self, _now: float) -> None:
        """Do nothing: waitress calls it while preparing a poll. A file descriptor closed then may be reused for a new
        client before the poll reports it as closed, which would end the new connection."""

    def _close_overdue(self) -> None:
        now = time.monotonic()
        if now - self._checked_at < _TICK_SECONDS:
            return
        self._checked_at = now
        for connection in list(self.active_channels.values()):
            connection.check_time(self.limits)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then until received requests are answered or `drain_seconds` have passed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopping:
            self.run_once()
        wasyncore.dispatcher.close(self)
        deadline = time.monotonic() + self.limits.drain_seconds
        while self._close_idle() and time.monotonic() < deadline:
            self.run_once()

    def _close_idle(self) -> bool:
        """Close connections without a request; return whether any request is not answered yet."""
        connections = list(self.active_channels.values())
        for connection in connections:
            if connection.phase in (Phase.NEW, Phase.IDLE, Phase.LINGERING):
                connection.handle_close()
        return any(connection.occupied or connection.total_outbufs_len for connection in connections)

    def run_once(self) -> None:
        """Wait up to a second for an event and handle it, then close connections that exceed a limit."""
        wasyncore.loop(timeout=_TICK_SECONDS, use_poll=True, map=self._map, count=1)
        self._close_overdue()

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True
        self.pull_trigger()


def _evict_one(connections: Iterable[Connection]) -> None:
    *others, newest = connections
    idle = [connection for connection in others if not connection.occupied]
    evicted = min(idle, key=Connection.eviction_order, default=newest)
    evicted.refuse(503, "There are too many connections: repeat the request later.")


def _allow_files(wanted: int) -> int:
    """Raise the process's limit of open files to `wanted` if it may; return how many connections the limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return max(soft, allowed) - OTHER_FILES

"""The HTTP server of a function group: waitress, which reads a request whole before one of its threads takes it.

What waitress lacks is here: limits for a client address and for the whole time that a request takes to arrive, room for
others when connections run out, and an end that lets the requests at hand be answered.
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

FILES_FOR_OTHERS = 256
"""Open files of the process that are not connections of clients."""
SEND_BUFFER_BYTES = 65_536
"""Bytes of an answer that the kernel takes before the client has; without it, megabytes."""
_TICK_SECONDS = 1


class Server(TcpWSGIServer):  # type: ignore[misc]
    """One process's server."""

    channel_class = Connection

    def __init__(self, application: object, host: str, port: int, limits: Limits) -> None:
        self.limits = limits
        self._stopping = False
        self._looked = 0.0
        self._connections = min(limits.connections, _allow_files(limits.connections + FILES_FOR_OTHERS))
        adjustments = Adjustments(
            listen=f"{host}:{port}",
            threads=limits.threads,
            ident=None,
            connection_limit=self._connections + FILES_FOR_OTHERS,
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
        """Take a new connection; when there are too many, the least useful one that is not occupied is closed."""
        super().handle_accept()
        everyone = list(self.active_channels.values())
        if not everyone:
            return
        newest = everyone[-1]
        its = [one for one in everyone if one.addr[0] == newest.addr[0]]
        if newest.addr[0] not in self.limits.trusted_proxies and len(its) > self.limits.client_connections:
            _make_room(its)
        elif len(everyone) > self._connections:
            _make_room(everyone)

    def set_socket_options(self, conn: socket.socket) -> None:
        """Bound what the kernel keeps for a client that does not read."""
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def maintenance(self, _now: float) -> None:
        """Nothing: waitress calls it while it prepares a poll, where a file number that is closed may be a new client's
        before the poll reports it as closed, and then that client's connection ends."""

    def _close_late(self) -> None:
        now = time.monotonic()
        if now - self._looked < _TICK_SECONDS:
            return
        self._looked = now
        for connection in list(self.active_channels.values()):
            connection.check_time(self.limits)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then until the requests at hand are answered, or their time is over."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopping:
            self.turn()
        wasyncore.dispatcher.close(self)
        deadline = time.monotonic() + self.limits.drain_seconds
        while self._unanswered() and time.monotonic() < deadline:
            self.turn()

    def _unanswered(self) -> bool:
        everyone = list(self.active_channels.values())
        for connection in everyone:
            if connection.phase in (Phase.NEW, Phase.IDLE, Phase.LINGERING):
                connection.handle_close()
        return any(connection.occupied or connection.total_outbufs_len for connection in everyone)

    def turn(self) -> None:
        """Handle what happens next, or in a second at most; then close the connections that take too long."""
        wasyncore.loop(timeout=_TICK_SECONDS, use_poll=True, map=self._map, count=1)
        self._close_late()

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True
        self.pull_trigger()


def _make_room(connections: Iterable[Connection]) -> None:
    *others, newest = connections
    free = [one for one in others if not one.occupied]
    least = min(free, key=Connection.usefulness, default=newest)
    least.dismiss(503, "There are too many connections: repeat the request later.")


def _allow_files(wanted: int) -> int:
    """Raise the process's limit of open files to what is wanted; gives how many connections it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return max(soft, allowed) - FILES_FOR_OTHERS

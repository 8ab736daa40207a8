"""A client's connection, with a time limit for each of its phases."""

import socket
import time
from enum import StrEnum

from waitress.channel import HTTPChannel

from deploy.image.limits import Limits
from deploy.image.requests import FaultTask, Parser, closing_response

LINGER_SECONDS = 2
"""Seconds for which the data of a refused client is read and discarded, so that the client can read the response."""


class Phase(StrEnum):
    """What a connection does or waits for. The time limit of a phase counts from its beginning."""

    NEW = "new"
    HEADERS = "headers"
    BODY = "body"
    SERVING = "serving"
    SENDING = "sending"
    IDLE = "idle"
    LINGERING = "lingering"


_ASKING = (Phase.NEW, Phase.HEADERS, Phase.BODY)


class Connection(HTTPChannel):  # type: ignore[misc]
    """A connection that is closed when it stays in a phase for longer than the phase's limit."""

    parser_class = Parser
    error_task_class = FaultTask
    will_close = False
    served = False
    lingering = False
    _finishing = False

    def __init__(self, *arguments: object, **options: object) -> None:
        self._phase, self._since = Phase.NEW, time.monotonic()
        super().__init__(*arguments, **options)

    @property
    def phase(self) -> Phase:
        """The connection's present phase."""
        if self.lingering:
            return Phase.LINGERING
        if self.total_outbufs_len:
            return Phase.SENDING
        if self.requests:
            return Phase.SERVING
        if (request := self.request) is not None:
            return Phase.BODY if request.headers_finished else Phase.HEADERS
        return Phase.IDLE if self.served else Phase.NEW

    @property
    def occupied(self) -> bool:
        """Whether a received request is not answered yet."""
        return bool(self.requests)

    def eviction_order(self) -> tuple[bool, float]:
        """Return the sort key for eviction: those that never sent a request come first, and of each kind the oldest."""
        return self.served, self.last_activity if self.served else self.creation_time

    def service(self) -> None:
        """Answer the request that was received."""
        self.served = True
        super().service()

    def check_time(self, limits: Limits) -> None:
        """Close the connection if it has been in its phase for longer than the limit."""
        phase, now = self.phase, time.monotonic()
        if phase != self._phase:
            self._phase, self._since = phase, now
        allowed = {
            Phase.NEW: limits.header_seconds,
            Phase.HEADERS: limits.header_seconds,
            Phase.BODY: limits.body_seconds,
            Phase.SENDING: limits.response_seconds,
            Phase.IDLE: limits.idle_seconds,
            Phase.LINGERING: LINGER_SECONDS,
        }.get(phase)
        if allowed is not None and now - self._since >= allowed:
            if phase in _ASKING:
                self.send(closing_response(408, "The request did not arrive in its time."), do_close=False)
                self._linger()
            else:
                self.handle_close()

    def refuse(self, status: int, message: str) -> None:
        """Close the connection at once; send the error first if the client has begun a request."""
        if self.phase in _ASKING:
            self.send(closing_response(status, message), do_close=False)
        self.handle_close()

    def readable(self) -> bool:
        """Return whether to read: a request, or data to discard."""
        return self.lingering or bool(super().readable())

    def received(self, data: bytes) -> bool:
        """Process data that was read; discard it from a refused client."""
        return not self.lingering and bool(super().received(data))

    def handle_write(self) -> None:
        """Send buffered data; after the last of it close this end, and wait for the client to close the other."""
        self._finishing = True
        super().handle_write()
        self._finishing = False

    def handle_close(self) -> None:
        """Close the connection, or only this end of it if the client has not read its last response yet."""
        if self._finishing and self.will_close and not self.lingering:
            self.will_close = False
            self._linger()
        else:
            super().handle_close()

    def _linger(self) -> None:
        self.lingering = True
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            super().handle_close()

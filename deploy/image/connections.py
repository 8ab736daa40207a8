"""A client's connection: how long it may take for what it does."""

import socket
import time
from enum import StrEnum

from waitress.channel import HTTPChannel

from deploy.image.limits import Limits
from deploy.image.requests import FaultTask, Parser, last_words

LINGER_SECONDS = 2
"""Seconds for which what a refused client still sends is read and thrown away, so that it gets to read the answer."""


class Phase(StrEnum):
    """What a connection is at; the clock of its limit starts with the phase."""

    NEW = "new"
    HEADERS = "headers"
    BODY = "body"
    SERVING = "serving"
    SENDING = "sending"
    IDLE = "idle"
    LINGERING = "lingering"


_ASKING = (Phase.NEW, Phase.HEADERS, Phase.BODY)


class Connection(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when it has been in its phase, and is closed when that takes too long."""

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
        """What the connection is at."""
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
        """Whether a request has been received that is not answered yet."""
        return bool(self.requests)

    def usefulness(self) -> tuple[bool, float]:
        """What orders connections by how little is lost with one: those that never sent a request, the oldest first."""
        return self.served, self.last_activity if self.served else self.creation_time

    def service(self) -> None:
        """Carry out the request that was received."""
        self.served = True
        super().service()

    def check_time(self, limits: Limits) -> None:
        """Close the connection if it has been in its phase for too long."""
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
                self.send(last_words(408, "The request did not arrive in its time."), do_close=False)
                self._linger()
            else:
                self.handle_close()

    def dismiss(self, status: int, message: str) -> None:
        """Close the connection at once; a client that has begun to ask is told why, if it reads."""
        if self.phase in _ASKING:
            self.send(last_words(status, message), do_close=False)
        self.handle_close()

    def readable(self) -> bool:
        """Whether to read: requests, and what is thrown away."""
        return self.lingering or bool(super().readable())

    def received(self, data: bytes) -> bool:
        """Take what was read."""
        return not self.lingering and bool(super().received(data))

    def handle_write(self) -> None:
        """Send what there is to be sent; when that was the last, close this end and wait for the client's."""
        self._finishing = True
        super().handle_write()
        self._finishing = False

    def handle_close(self) -> None:
        """Close the connection, or only this end of it if the client has yet to read its last answer."""
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

"""A client for administration: RESP2 ("Redis serialization protocol specification") over the server's unix socket.

Requests are arrays of length-prefixed words, so nothing in a word can be taken for something else.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from types import TracebackType
from typing import Any

from datastores.host.errors import EngineError

_ANSWER_SECONDS = 30.0  # a server busy with a long command of a tenant answers late
_TAKEN = "max number of clients reached"  # networking.c, clientAcceptHandler


class Refused(EngineError):
    """The server answered with an error; its words are the message, the first of them its kind."""

    @property
    def kind(self) -> str:
        """`LOADING`, `ERR` and the like."""
        return str(self).partition(" ")[0]


class ConnectionsTaken(EngineError):
    """All connections that `maxclients` allows are taken; the server keeps none for its administrator."""

    def __init__(self) -> None:
        super().__init__(
            "all connections that maxclients allows are taken: close some, or raise maxclients and restart the instance"
        )


def _connected(path: Path) -> socket.socket:
    local = socket.socket(socket.AF_UNIX)
    local.settimeout(_ANSWER_SECONDS)
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(local.close)
        try:
            local.connect(str(path))
        except OSError as error:
            raise EngineError(f"the server does not answer on its socket: {error}") from error
        on_failure.pop_all()
    return local


class Client:
    """One connection. Raises EngineError when the server does not answer, Refused with its words when it refuses."""

    def __init__(self, server: Path | socket.socket, answer_seconds: float = _ANSWER_SECONDS) -> None:
        """`server` is the path of its socket, or a connection to it."""
        self.socket = server if isinstance(server, socket.socket) else _connected(server)
        self.socket.settimeout(answer_seconds)
        self._received = self.socket.makefile("rb", buffering=0)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._received.close()
        self.socket.close()

    def send(self, *words: str) -> None:
        """Send a command without waiting for its answer. A server that has closed says why to who reads next."""
        encoded = [word.encode() for word in words]
        request = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
        try:
            self.socket.sendall(b"*%d\r\n%s" % (len(encoded), request))
        except BrokenPipeError:
            return
        except OSError as error:
            raise EngineError(f"the server does not take a command: {error}") from error

    def command(self, *words: str) -> Any:  # noqa: ANN401 - what the command answers
        """The answer to a command: text, int, None or a list of such."""
        self.send(*words)
        return self._reply()

    def info(self, section: str) -> dict[str, str]:
        """The fields of a section of INFO."""
        lines = (line.partition(":") for line in self.command("INFO", section).splitlines())
        return {name: value for name, colon, value in lines if colon}

    def read_line(self) -> bytes:
        """The next line without its end, read byte by byte: what follows it stays in the socket."""
        line = bytearray()
        while not line.endswith(b"\n"):
            line += self._read(1)
        return bytes(line).rstrip(b"\r\n")

    def _reply(self) -> Any:  # noqa: ANN401 - any type
        line = self.read_line()
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            words = rest.decode("utf-8", "replace")
            raise ConnectionsTaken if _TAKEN in words else Refused(words)
        if kind == b"+":
            return rest.decode("utf-8", "replace")
        number = int(rest)
        if kind == b":":
            return number
        if number < 0:
            return None
        if kind == b"*":
            return [self._reply() for _ in range(number)]
        return self._read(number + 2)[:-2].decode("utf-8", "replace")

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                block = self._received.read(size - len(data))
            except OSError as error:
                raise EngineError(f"the server does not answer: {error}") from error
            if not block:
                raise EngineError("the server closed the connection")
            data += block
        return bytes(data)

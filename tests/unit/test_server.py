"""The server of a function group, turned by hand."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterable

from deploy.image.limits import Limits
from deploy.image.server import Server

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def hello(_environ: object, start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def answer(server: Server, client: socket.socket) -> bytes:
    """What the client reads first."""
    client.setblocking(False)
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        server.run_once()
        with contextlib.suppress(BlockingIOError):
            return client.recv(1000)
    raise TimeoutError


def test_a_new_client_is_answered_though_another_is_closed_just_now() -> None:
    server = Server(hello, "127.0.0.1", 0, Limits(idle_seconds=0, threads=1))
    with contextlib.ExitStack() as opened:
        opened.callback(server.close)
        for _ in range(2):
            client = opened.enter_context(socket.create_connection(("127.0.0.1", server.effective_port)))
            client.send(REQUEST)
            time.sleep(1.1)  # longer than between two looks at the connections: the next turn closes the idle one
            assert answer(server, client).endswith(b"hello")

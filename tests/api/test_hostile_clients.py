"""Clients that hold connections, drip, send too much or two requests in one: others are answered all the while."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

import deploy
from deploy.local.cloud import Cloud
from tests.support.entrypoint import entrypoint

HEADER_SECONDS, BODY_SECONDS, RESPONSE_SECONDS, IDLE_SECONDS = 2, 3, 3, 4
CLIENT_CONNECTIONS = 60
PATIENCE = 20
LIMITS = {
    "TROVE_SERVER_HEADER_SECONDS": str(HEADER_SECONDS),
    "TROVE_SERVER_BODY_SECONDS": str(BODY_SECONDS),
    "TROVE_SERVER_RESPONSE_SECONDS": str(RESPONSE_SECONDS),
    "TROVE_SERVER_IDLE_SECONDS": str(IDLE_SECONDS),
    "TROVE_SERVER_CLIENT_CONNECTIONS": str(CLIENT_CONNECTIONS),
    "TROVE_MAX_REQUEST_BYTES": "100000",
    "THREADS": "4",
}
HALF = b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "


@dataclass(frozen=True)
class Target:
    """Where the server is."""

    host: str
    port: int

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection((self.host, self.port), timeout=PATIENCE)

    def ask(self) -> int:
        """The status of a good request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/")
            reply = connection.getresponse()
            reply.read()
            return reply.status

    def send(self, request: bytes) -> bytes:
        """All that is answered until the server closes the connection."""
        with self.connect() as client:
            client.sendall(request)
            return everything(client)


@pytest.fixture(scope="module")
def target(cloud: Cloud) -> Iterator[Target]:
    with entrypoint(cloud, **LIMITS) as url:
        parts = urlsplit(url)
        yield Target(str(parts.hostname), int(parts.port or 0))


def everything(client: socket.socket) -> bytes:
    """What comes until the end."""
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(65536):
            received += chunk
    return bytes(received)


def fault(answer: bytes) -> tuple[int, str]:
    """Status and fault of an answer of the server itself, which is in the API's form."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/json" in head
    assert b"x-openstack-request-id: req-" in head.lower()
    ((name, content),) = json.loads(body).items()
    assert head.startswith(f"HTTP/1.1 {content['code']} ".encode())
    assert content["message"]
    return content["code"], name


def test_half_open_requests_do_not_keep_others_out(target: Target) -> None:
    with contextlib.ExitStack() as opened:
        for number in range(200):
            opened.enter_context(target.connect()).sendall(HALF)
            if number % 40 == 0:
                assert target.ask() == 200
        assert [target.ask() for _ in range(20)] == [200] * 20


def test_silent_connections_do_not_keep_others_out_and_are_closed(target: Target) -> None:
    with contextlib.ExitStack() as opened:
        silent = [opened.enter_context(target.connect()) for _ in range(CLIENT_CONNECTIONS * 3)]
        assert target.ask() == 200
        for client in silent:
            everything(client)


def test_a_connection_that_is_used_outlasts_a_flood_of_half_open_ones(target: Target) -> None:
    connection = http.client.HTTPConnection(target.host, target.port, timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    kept = connection.sock
    with contextlib.ExitStack() as opened:
        for _ in range(CLIENT_CONNECTIONS * 2):
            opened.enter_context(target.connect()).sendall(HALF)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        assert connection.sock is kept
    connection.close()


@pytest.mark.parametrize(
    ("beginning", "drip"),
    [(HALF, b"x"), (b"", b"\r\n"), (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n", b"x"),
     (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")],
    ids=["headers", "empty lines", "body", "chunks"],
)  # fmt: skip
def test_a_dripping_client_is_cut(target: Target, beginning: bytes, drip: bytes) -> None:
    with target.connect() as client:
        client.sendall(beginning)
        client.settimeout(0.3)
        answer, limit = b"", time.monotonic() + PATIENCE
        while not answer:
            assert time.monotonic() < limit, "it may drip for as long as it likes"
            with contextlib.suppress(TimeoutError):
                client.sendall(drip)
                answer = client.recv(65536)
        assert answer.split()[1] in (b"400", b"408")  # the rest may be lost with the connection


def test_a_connection_without_a_request_is_closed(target: Target) -> None:
    with target.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert everything(client).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("size", [40_000, 5_000_000], ids=["a little too large", "far too large"])
def test_large_headers_are_refused(target: Target, size: int) -> None:
    assert fault(target.send(b"GET / HTTP/1.1\r\nX-Large: " + b"x" * size + b"\r\n\r\n")) == (431, "overLimit")
    assert fault(target.send(b"GET /" + b"x" * size + b" HTTP/1.1\r\n\r\n")) == (431, "overLimit")


def test_large_bodies_are_refused(target: Target) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\n"
    large = b"x" * 5_000_000
    declared = head + b"Content-Length: 5000000\r\n\r\n" + large
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n4c4b40\r\n" + large + b"\r\n0\r\n\r\n"
    line = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 5_000_000
    assert [fault(target.send(each)) for each in (declared, chunked, line)] == [(413, "overLimit")] * 3


SMUGGLED = b"GET /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 0\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length : 5\r\n",
        b"Content-Length: -1\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n",
        b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n",
        b"X: a\nTransfer-Encoding: chunked\r\n",
        b"Host: b\r\n",
    ],
)
def test_ambiguous_requests_are_refused_and_nothing_after_them_is_read(target: Target, headers: bytes) -> None:
    answer = target.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n0\r\n\r\n" + SMUGGLED)
    assert fault(answer)[0] in (400, 501)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_transfer_encoding_in_http_1_0_is_refused(target: Target) -> None:
    answer = target.send(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED)
    assert fault(answer) == (400, "badRequest")


def test_no_http_is_refused(target: Target) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n", b"get / HTTP/1.1\r\n\r\n"):
        assert fault(target.send(nonsense)) == (400, "badRequest")


def test_pipelined_requests_are_answered_in_order(target: Target) -> None:
    many = SMUGGLED * 30 + b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = target.send(many)
    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200"] * 30 + [b"404"]


def test_a_chunked_body_is_a_body(target: Target) -> None:
    answer = target.send(
        b"POST /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\n{}\r\n0\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 404 ")


def test_who_does_not_read_its_answers_is_cut(target: Target) -> None:
    with target.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.settimeout(1)
        limit = time.monotonic() + PATIENCE
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() < limit:
                with contextlib.suppress(TimeoutError):
                    client.sendall(SMUGGLED * 500)
        assert target.ask() == 200


def test_memory_is_bounded(target: Target) -> None:
    process = server_at(target.port)
    before = process.memory_info().rss
    body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99000\r\n\r\n" + b"x" * 98_000
    with contextlib.ExitStack() as opened:
        for request in [HALF + b"x" * 30_000] * 200 + [body] * 200:
            with contextlib.suppress(OSError):
                opened.enter_context(target.connect()).sendall(request)
        assert target.ask() == 200
        assert process.memory_info().rss - before < 40_000_000


def server_at(port: int) -> psutil.Process:
    """The process that listens at a port."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(one.laddr.port == port and one.status == "LISTEN" for one in process.net_connections()):
                return process
    raise AssertionError(f"nothing listens at {port}")


def test_requests_at_hand_are_answered_before_the_end_and_the_port_is_free_after_it() -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        slow = Target("127.0.0.1", chosen.getsockname()[1])
    for _ in range(2):
        with started(slow) as server, slow.connect() as client, slow.connect() as half:
            client.sendall(b"GET /?2 HTTP/1.1\r\nHost: a\r\n\r\n")
            half.sendall(HALF)
            assert slow.ask() == 200
            server.send_signal(signal.SIGTERM)
            assert everything(client).endswith(b"waited")
            assert server.wait(PATIENCE) == 0


@contextlib.contextmanager
def started(target: Target) -> Iterator[subprocess.Popen[bytes]]:
    """A server of an application that waits as long as it is told to."""
    environment = os.environ | {"HOST": target.host, "PORT": str(target.port), "THREADS": "2"}
    command = [sys.executable, "-m", "deploy.image", "tests.support.waiting_app:app"]
    with subprocess.Popen(command, env=environment, cwd=Path(deploy.__file__).parent.parent) as server:
        limit = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                target.ask()
                break
            assert time.monotonic() < limit
            time.sleep(0.02)
        try:
            yield server
        finally:
            server.kill()

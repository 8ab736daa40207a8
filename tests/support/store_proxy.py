"""A proxy before Swift that misbehaves on order: the catalogue's rows B1, B2, B3 and B6 at the wire.

Hosts and functions come through it alike, since the catalog in Keystone names it as the object store's endpoint.
"""

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

from keystoneauth1.adapter import Adapter

from deploy.local.cloud import Cloud
from functions.cloud.session import service_session

BLOCK = 16_384
READY_SECONDS = 60.0
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


@dataclass(frozen=True)
class Fault:
    """What happens to one request. Without any of these it is forwarded as it is."""

    status: int | None = None
    """Answered in Swift's place."""
    retry_after: int | None = None
    cut_percent: int | None = None
    """So much of the body passes, then the connection is reset."""
    bytes_per_second: float | None = None
    """Each way."""
    lost: bool = False
    """Swift does it, and its answer is lost."""
    flip: int | None = None
    """This bit of the answer's body is another one, counted modulo its length."""


SOUND = Fault()
Plan = Callable[[str, str], Fault]


def sound(_method: str, _path: str) -> Fault:
    """No fault."""
    return SOUND


@dataclass
class StoreProxy:
    """`plan` says what happens to a request by method and path; `seen` is when which request came, with its fault."""

    upstream: str
    plan: Plan = sound
    seen: list[tuple[float, str, str, Fault]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    """Cleared: requests for segments wait, until it is set or the proxy closes."""

    def __post_init__(self) -> None:
        self.hold.set()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """No faults any more, nothing held, nothing seen."""
        self.plan, self.seen = sound, []
        self.hold.set()

    def close(self) -> None:
        """Stop serving."""
        self.reset()
        self._server.shutdown()
        self._server.server_close()

    def faults(self) -> int:
        """How many requests had a fault."""
        return sum(fault is not SOUND for *_, fault in self.seen)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[int] = 120
    proxy: StoreProxy

    def _handle(self) -> None:
        path = urlsplit(self.path).path
        fault = self.proxy.plan(self.command, path)
        self.proxy.seen.append((time.monotonic(), self.command, path, fault))
        if "/segments/" in path:
            self.proxy.hold.wait()
        length = int(self.headers.get("Content-Length", 0))
        uploading = self.command in {"PUT", "POST"} and length
        if fault.cut_percent is not None and uploading:
            self._forward_part(length * fault.cut_percent // 100, length)
            self._break()
            return
        body = self._read(length, fault)
        if fault.status is not None:
            self._answer(fault.status, b"", [("Retry-After", str(fault.retry_after))] if fault.retry_after else [])
            return
        status, headers, answer = self._forward(body)
        if fault.lost:
            self._break()
            return
        if fault.flip is not None and answer:
            place, bit = divmod(fault.flip % (len(answer) * 8), 8)
            answer = answer[:place] + bytes([answer[place] ^ 1 << bit]) + answer[place + 1 :]
        if fault.cut_percent is not None:
            self._answer(status, answer, headers, len(answer) * fault.cut_percent // 100)
            self._break()
            return
        self._answer(status, answer, headers, rate=fault.bytes_per_second)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _handle  # noqa: N815 - http.server's names

    def _read(self, length: int, fault: Fault) -> bytes:
        body = bytearray()
        while len(body) < length and (block := self.rfile.read(min(BLOCK, length - len(body)))):
            body += block
            if fault.bytes_per_second:
                time.sleep(len(block) / fault.bytes_per_second)
        return bytes(body)

    def _forward_part(self, part: int, length: int) -> None:
        """Let Swift see the beginning of an upload that claims its whole length, then break it off, too."""
        address = urlsplit(self.proxy.upstream)
        with socket.create_connection((str(address.hostname), address.port or 80)) as upstream:
            head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            upstream.sendall(f"{self.command} {self.path} HTTP/1.1\r\n{head}\r\n".encode())
            upstream.sendall(self.rfile.read(min(part, length)))

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        address = urlsplit(self.proxy.upstream)
        connection = HTTPConnection(str(address.hostname), address.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {*HOP, "expect"}}
        try:
            connection.request(self.command, self.path, body or None, headers)
            reply = connection.getresponse()
            kept = [(name, value) for name, value in reply.getheaders() if name.lower() not in HOP]
            return reply.status, kept, reply.read()
        except (OSError, HTTPException):
            return 502, [], b""
        finally:
            connection.close()

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: list[tuple[str, str]],
        part: int | None = None,
        rate: float | None = None,
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length" or self.command == "HEAD":
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            for start in range(0, len(body[:part]), BLOCK):
                block = body[start : min(start + BLOCK, len(body) if part is None else part)]
                self.wfile.write(block)
                if rate:
                    time.sleep(len(block) / rate)

    def _break(self) -> None:
        """Reset the connection (RST, no orderly end)."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def before_swift(cloud: Cloud) -> Iterator[StoreProxy]:
    """Inside the block the cloud's object store is reached through the proxy by everything that asks the catalog."""
    proxy = StoreProxy(cloud.addresses.url("swift"))
    try:
        _move_endpoint(cloud, cloud.addresses.url("swift"), proxy.url)
        yield proxy
    finally:
        _move_endpoint(cloud, proxy.url, cloud.addresses.url("swift"))
        proxy.close()


def _move_endpoint(cloud: Cloud, old: str, new: str) -> None:
    """Change the catalog, and have the functions and this process forget it, which hold it with their token."""
    keystone = Adapter(cloud.session("admin"), service_type="identity", interface="public")
    for endpoint in keystone.get("/endpoints").json()["endpoints"]:
        if endpoint["url"].startswith(old):
            url = endpoint["url"].replace(old, new)
            keystone.patch(f"/endpoints/{endpoint['id']}", json={"endpoint": {"url": url}})
    restart(cloud, "control")
    service_session.cache_clear()


def restart(cloud: Cloud, service: str) -> None:
    """End a service and wait until another process of it is ready."""
    former = cloud.pid(service)
    assert former is not None
    os.kill(former, signal.SIGTERM)
    deadline = time.monotonic() + READY_SECONDS
    while (status := cloud.status()) is None or not status.ready or status.unit(service).pid in (None, former):
        assert time.monotonic() < deadline, f"{service} is not back"
        time.sleep(0.05)

"""An object store as hosts see it, at the wire: prefix TempURLs checked as Swift does, in memory, faults on order."""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

ROOT = "/v1/AUTH_service/backups/"
_KEY = b"the account's key"


class Fault(enum.Enum):
    """What happens to a request instead of its answer."""

    UNAVAILABLE = 503
    UNAUTHORIZED = 401
    RESET = "connection closed in the middle"
    WRONG_ETAG = "the store holds something else"
    DAMAGED = "a byte of the answer is wrong"


class TempUrlSink:
    """The store. `faults` befall the next requests for segments, in order; `hold` set means uploads wait."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.order: list[str] = []
        self.faults: deque[Fault] = deque()
        self.ranges: list[str] = []
        self.release = threading.Event()
        self.release.set()
        self.discard = False
        handler = type("Handler", (_Handler,), {"sink": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def address(self, method: str, backup: str) -> dict[str, str]:
        """The address of one backup's prefix: {"url_prefix", "query"}."""
        prefix, expires = f"{ROOT}{backup}/", int(time.time()) + 3600
        query = {
            "temp_url_sig": _signature(method, prefix, expires),
            "temp_url_expires": expires,
            "temp_url_prefix": f"{backup}/",
        }
        return {"url_prefix": f"http://127.0.0.1:{self._server.server_port}{prefix}", "query": urlencode(query)}


def _signature(method: str, prefix: str, expires: int) -> str:
    message = f"{method}\n{expires}\nprefix:{prefix}".encode()
    return hmac.new(_KEY, message, hashlib.sha256).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sink: TempUrlSink

    def do_PUT(self) -> None:
        path, fault = self._begin()
        self.sink.release.wait()
        if fault is Fault.RESET:
            self.rfile.read(int(self.headers["Content-Length"]) // 2)
            self.close_connection = True
            self.connection.close()
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._refused("PUT", path, fault):
            return
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        if etag != self.headers["ETag"]:
            self._answer(422)
        elif fault is Fault.WRONG_ETAG:
            self._answer(201, etag="0" * 32)
        else:
            self.sink.objects[path] = b"" if self.sink.discard else body
            self.sink.order.append(path)
            self._answer(201, etag=etag)

    def do_GET(self) -> None:
        path, fault = self._begin()
        if self._refused("GET", path, fault):
            return
        if path not in self.sink.objects:
            self._answer(404)
            return
        body, status = self.sink.objects[path], 200
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            self.sink.ranges.append(match[0])
            body, status = body[int(match[1]) :], 206
        if fault is Fault.DAMAGED:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self._answer(status, body, etag, cut=fault is Fault.RESET)

    def _begin(self) -> tuple[str, Fault | None]:
        path = unquote(urlsplit(self.path).path)
        faulty = "/segments/" in path and self.sink.faults
        return path, self.sink.faults.popleft() if faulty else None

    def _refused(self, method: str, path: str, fault: Fault | None) -> bool:
        """Answer a fault with a status of its own, or a wrong capability."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        prefix, expires = f"{ROOT}{query['temp_url_prefix']}", int(query["temp_url_expires"])
        good = query["temp_url_sig"] == _signature(method, prefix, expires) and path.startswith(prefix)
        if not good or fault is Fault.UNAUTHORIZED:
            self._answer(401)
        elif fault is Fault.UNAVAILABLE:
            self._answer(503)
        else:
            return False
        return True

    def _answer(self, status: int, body: bytes = b"", etag: str | None = None, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""

"""etcd in the conformance suite, through its JSON gateway."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import requests

from datastores.conformance import Conformance, ConformanceRefused, Server, Session
from datastores.protocol.codec import Document

_NUMBERS, _BEHIND_NUMBERS = b"numbers/", b"numbers0"
_MIB = 1 << 20
_PIECE_BYTES = 512 * 1024  # below the 1.5 MiB that etcd takes in one request
_SECONDS = 30


class EtcdSession(Session):
    """Numbers are keys."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = requests.Session()
        self._http.trust_env = False  # a bundle of authorities that the environment names would win over ours
        self._http.verify = str(server.authority) if server.authority else True
        self._http.cert = str(server.client) if server.client else None
        self._log_in()

    def write(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.call("kv/put", {"key": _text(_NUMBERS + str(number).encode()), "value": ""})

    def read(self) -> set[int]:
        found = self.call("kv/range", {"key": _text(_NUMBERS), "range_end": _text(_BEHIND_NUMBERS)})
        return {int(base64.b64decode(item["key"])[len(_NUMBERS) :]) for item in found.get("kvs", [])}

    def fill(self, mebibytes: int) -> None:
        for piece in range(mebibytes * _MIB // _PIECE_BYTES):
            key, value = _text(f"filling/{piece}".encode()), _text(os.urandom(_PIECE_BYTES))
            self.call("kv/put", {"key": key, "value": value})

    def setting(self, name: str) -> str:
        raise LookupError(f"etcd shows no setting, so not {name}")

    def close(self) -> None:
        self._http.close()

    def _log_in(self) -> None:
        self._http.headers.pop("Authorization", None)
        reply = self._post("auth/authenticate", {"name": self._server.user, "password": self._server.password})
        if reply.status_code != HTTPStatus.OK:
            raise ConformanceRefused(reply.text)
        self._http.headers["Authorization"] = reply.json()["token"]

    def call(self, path: str, body: Document) -> Any:  # noqa: ANN401 - JSON
        """A reply; a token that time or a change of the users has ended is replaced, as etcd's own clients do."""
        reply = self._post(path, body)
        if any(ended in reply.text for ended in ("revision of auth store is old", "invalid auth token")):
            self._log_in()
            reply = self._post(path, body)
        if reply.status_code != HTTPStatus.OK:
            raise RuntimeError(reply.text)
        answer: Any = reply.json()
        return answer

    def _post(self, path: str, body: Document) -> requests.Response:
        scheme = "https" if self._server.authority else "http"
        url = f"{scheme}://{self._server.address}:{self._server.port}/v3/{path}"
        return self._http.post(url, json=body, timeout=_SECONDS)


class EtcdConformance(Conformance):
    """etcd 3.4 and newer."""

    def connect(self, server: Server) -> EtcdSession:
        return EtcdSession(server)


CONFORMANCE = EtcdConformance()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()

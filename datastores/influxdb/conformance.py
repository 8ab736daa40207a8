"""InfluxDB in the conformance suite, through its HTTP API."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from http import HTTPStatus

import requests

from datastores.conformance import Conformance, ConformanceRefused, Server, Session

_SECONDS = 60
_NANOSECONDS = 10**9
_MIB = 1 << 20
_FIELD_BYTES = 12 * 1024  # 1.6 cannot write a block of 1000 texts to disk when it has more than 48 MiB
_BATCH = 256


class InfluxdbSession(Session):
    """Numbers are points, each at its own second."""

    def __init__(self, server: Server) -> None:
        scheme = "https" if server.authority else "http"
        self._url = f"{scheme}://{server.address}:{server.port}"
        self._http = requests.Session()
        self._http.trust_env = False  # a bundle of authorities that the environment names would win over ours
        self._http.verify = str(server.authority) if server.authority else True
        self._http.cert = str(server.client) if server.client else None
        self._http.headers["Authorization"] = _basic(f"{server.user}:{server.password}")
        self._database = server.database or ""
        self._select("SHOW MEASUREMENTS")

    def write(self, numbers: Iterable[int]) -> None:
        self._insert("".join(f"numbers n={number}i {number * _NANOSECONDS}\n" for number in numbers))

    def read(self) -> set[int]:
        return {int(str(number)) for _time, number in self._select("SELECT n FROM numbers")}

    def fill(self, mebibytes: int) -> None:
        points = mebibytes * _MIB // _FIELD_BYTES + 1
        for batch in range(0, points, _BATCH):
            self._insert("".join(_filling(range(batch, min(batch + _BATCH, points)))))

    def setting(self, name: str) -> str:
        raise LookupError(f"InfluxDB shows no setting to a tenant, so not {name}")

    def close(self) -> None:
        self._http.close()

    def _insert(self, lines: str) -> None:
        reply = self._http.post(f"{self._url}/write", params={"db": self._database}, data=lines, timeout=_SECONDS)
        if reply.status_code != HTTPStatus.NO_CONTENT:
            raise RuntimeError(reply.text)

    def _select(self, query: str) -> list[list[object]]:
        wanted = {"db": self._database, "q": query}
        reply = self._http.post(f"{self._url}/query", data=wanted, timeout=_SECONDS)
        if reply.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise ConformanceRefused(reply.text)
        [result] = reply.json()["results"]
        if "error" in result:
            raise RuntimeError(result["error"])
        return [row for series in result.get("series", ()) for row in series["values"]]


class InfluxdbConformance(Conformance):
    """InfluxDB 1.x."""

    def connect(self, server: Server) -> InfluxdbSession:
        return InfluxdbSession(server)


CONFORMANCE = InfluxdbConformance()


def _filling(numbers: Iterable[int]) -> Iterator[str]:
    for number in numbers:
        text = base64.b64encode(os.urandom(_FIELD_BYTES)).decode()
        yield f'filling text="{text}" {number * _NANOSECONDS}\n'


def _basic(account: str) -> str:
    return f"Basic {base64.b64encode(account.encode()).decode()}"

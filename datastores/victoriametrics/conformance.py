"""VictoriaMetrics in the conformance suite, through its HTTP API."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

import requests

from datastores.conformance import Conformance, ParameterChange, Server, Session

_SECONDS = 60
_FLUSHED_SECONDS = 6  # the server keeps newer data in memory: "Data is flushed every 5 seconds" in its manual
_MIB = 1 << 20
_LABEL_BYTES = 12 * 1024  # 16 KiB in base64, the longest that a label may be
_COPIES = 4  # of each label in the index, at least
_BATCH = 64


class VictoriaMetricsSession(Session):
    """Numbers are series."""

    def __init__(self, server: Server) -> None:
        scheme = "https" if server.authority else "http"
        self._url = f"{scheme}://{server.address}:{server.port}"
        self._http = requests.Session()
        self._http.trust_env = False  # a bundle of authorities that the environment names would win over ours
        self._http.verify = str(server.authority) if server.authority else True
        self._http.cert = str(server.client) if server.client else None

    def write(self, numbers: Iterable[int]) -> None:
        self._insert("".join(f'numbers{{n="{number}"}} 1\n' for number in numbers))
        self._request("GET", "/internal/force_flush")
        time.sleep(_FLUSHED_SECONDS)

    def read(self) -> set[int]:
        reply = self._request("GET", "/api/v1/export", params={"match[]": "numbers"})
        return {int(json.loads(line)["metric"]["n"]) for line in reply.text.splitlines()}

    def fill(self, mebibytes: int) -> None:
        labels = mebibytes * _MIB // (_LABEL_BYTES * _COPIES)
        for batch in range(0, labels, _BATCH):
            self._insert("".join(_filling(range(batch, min(batch + _BATCH, labels)))))

    def setting(self, name: str) -> str:
        metrics = self._request("GET", "/metrics").text
        found = re.search(rf'^flag{{name="{re.escape(name)}", value="([^"]*)"', metrics, re.MULTILINE)
        if found is None:
            raise LookupError(f"the server shows no flag {name}")
        return found[1]

    def close(self) -> None:
        self._http.close()

    def _insert(self, lines: str) -> None:
        self._request("POST", "/api/v1/import/prometheus", data=lines)

    def _request(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 - its own arguments
        reply = self._http.request(method, f"{self._url}{path}", timeout=_SECONDS, **more)
        reply.raise_for_status()
        return reply


class VictoriaMetricsConformance(Conformance):
    """VictoriaMetrics 1.79."""

    static = ParameterChange("search.maxConcurrentRequests", 3, "3")
    bad = ("search.maxConcurrentRequests", "many")

    def connect(self, server: Server) -> VictoriaMetricsSession:
        return VictoriaMetricsSession(server)


CONFORMANCE = VictoriaMetricsConformance()


def _filling(numbers: Iterable[int]) -> Iterator[str]:
    for number in numbers:
        label = base64.b64encode(os.urandom(_LABEL_BYTES)).decode()
        yield f'filling{{number="{number}",bytes="{label}"}} 1\n'

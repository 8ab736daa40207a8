"""Redis and Valkey in the conformance suite, through the valkey client, which speaks to both."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import valkey
from datastores.conformance import Conformance, ConformanceRefused, ParameterChange, Server, Session

_MEBIBYTE = 1 << 20
_PIPELINED = 16


class RedisSession(Session):
    """Numbers are keys."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - the library is typed in part
        self._client = client

    def write(self, numbers: Iterable[int]) -> None:
        self._client.mset({f"number:{number}": number for number in numbers})

    def read(self) -> set[int]:
        return {int(key.rpartition(b":")[2]) for key in self._client.scan_iter("number:*", count=1000)}

    def fill(self, mebibytes: int) -> None:
        for start in range(0, mebibytes, _PIPELINED):
            with self._client.pipeline(transaction=False) as pipeline:
                for number in range(start, min(start + _PIPELINED, mebibytes)):
                    pipeline.set(f"filling:{number}", os.urandom(_MEBIBYTE))
                pipeline.execute()

    def setting(self, name: str) -> str:
        """Tenants may not ask for settings: INFO tells some, and SELECT how many databases there are."""
        if name == "databases":
            return str(self._count_databases())
        return str(self._client.info()[name.replace("-", "_")])

    def close(self) -> None:
        self._client.close()

    def _count_databases(self) -> int:
        number = 0
        try:
            while self._client.execute_command("SELECT", number):
                number += 1
        except valkey.ResponseError:
            return number
        finally:
            self._client.execute_command("SELECT", 0)
        return number


class RedisConformance(Conformance):
    """Redis 7, Valkey 8 and newer."""

    dynamic = ParameterChange("maxmemory-policy", "allkeys-lru", "allkeys-lru")
    static = ParameterChange("databases", 20, "20")
    bad = ("maxmemory-policy", "keep-the-best")
    refused = ("client-output-buffer-limit", "nobody 0 0 0")

    def connect(self, server: Server) -> RedisSession:
        options: dict[str, Any] = {"username": server.user, "password": server.password}
        if server.authority is not None:
            options |= {"ssl": True, "ssl_ca_certs": str(server.authority)}
        if server.client is not None:
            options |= {"ssl_certfile": str(server.client), "ssl_keyfile": str(server.client)}
        client: Any = valkey.Valkey(host=server.address, port=server.port, **options)
        try:
            client.ping()
        except valkey.AuthenticationError as error:
            client.close()
            raise ConformanceRefused(str(error)) from error
        return RedisSession(client)


CONFORMANCE = RedisConformance()

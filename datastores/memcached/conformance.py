"""Memcached in the conformance suite, by its text protocol (protocol.txt)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

from datastores.conformance import Conformance, ParameterChange, Server, Session

_MEBIBYTE = 1 << 20
_NUMBERS = range(2000)
_ANSWER_SECONDS = 10.0


class MemcachedSession(Session):
    """Numbers are keys; it cannot list keys, so the first thousands are asked for."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = connection.makefile("rb")

    def write(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._store(f"number:{number}", b"1")

    def read(self) -> set[int]:
        keys = " ".join(f"number:{number}" for number in _NUMBERS)
        self._connection.sendall(f"get {keys}\r\n".encode())
        found = set()
        while (line := self._received.readline().split())[0] == b"VALUE":
            found.add(int(line[1].partition(b":")[2]))
            self._received.readline()
        return found

    def fill(self, mebibytes: int) -> None:
        for number in range(2 * mebibytes):
            self._store(f"filling:{number}", os.urandom(_MEBIBYTE // 2))

    def setting(self, name: str) -> str:
        self._connection.sendall(b"stats settings\r\n")
        found = {}
        while (words := self._received.readline().decode().split())[0] == "STAT":
            found[words[1]] = words[2]
        return found[{"max-item-size": "item_size_max"}[name]]

    def close(self) -> None:
        self._received.close()
        self._connection.close()

    def _store(self, key: str, value: bytes) -> None:
        self._connection.sendall(f"set {key} 0 0 {len(value)}\r\n".encode() + value + b"\r\n")
        answer = self._received.readline()
        if answer != b"STORED\r\n":
            raise OSError(f"memcached answered {answer!r}")


class MemcachedConformance(Conformance):
    """Memcached 1.6."""

    static = ParameterChange("max-item-size", "2MB", str(2 * _MEBIBYTE))
    bad = ("max-item-size", 10)
    refused = ("max-item-size", "1GB")
    durable = False

    def connect(self, server: Server) -> MemcachedSession:
        connection = socket.create_connection((server.address, server.port), _ANSWER_SECONDS)
        if server.authority is not None:
            connection = server.tls().wrap_socket(connection, server_hostname=server.address)
        return MemcachedSession(connection)


CONFORMANCE = MemcachedConformance()

"""Backups: what a replica gets, an RDB snapshot, straight from the server's memory and without a file on the volume.

We ask as a replica does that wants a snapshot alone ("Replication" in the manual; SYNC with the capability EOF, as
`redis-cli --rdb`): the answer ends with a mark of 40 random bytes that its first line tells. The snapshot has no users,
so the stream is a tar: `users.acl`, then the snapshot in members `dump.rdb.000000` and on, which put together are it.
"""

from __future__ import annotations

import contextlib
import socket
import tarfile

from datastores.host.errors import EngineError
from datastores.host.streams import Sink
from datastores.redis import engine_users
from datastores.redis.engine_client import Client
from datastores.redis.engine_server import Server

USERS, SNAPSHOT = "users.acl", "dump.rdb"
_ANNOUNCED = b"$EOF:"
_MARK_BYTES = 40
_MEMBER_BYTES = 8 * 1024 * 1024
_STALL_SECONDS = 900.0


def dump(server: Server, sink: Sink) -> None:
    """Write all data and the tenant's users. Raises EngineError."""
    with server.admin() as client:
        _announce(client)
        users = "".join(f"{line}\n" for line in engine_users.tenant_lines(client.command("ACL", "LIST")))
        _member(sink, USERS, memoryview(bytearray(users.encode())))
        client.socket.settimeout(_STALL_SECONDS)
        client.send("SYNC")
        copy_snapshot(client.socket, _mark(client), sink)
    sink(memoryview(bytearray(2 * tarfile.BLOCKSIZE)))


def size(server: Server) -> int:
    """About the bytes of a snapshot: those of the keys and values in memory."""
    with server.admin() as client:
        return int(client.info("memory")["used_memory_dataset"])


def _announce(client: Client) -> None:
    """Say that we are a replica of the server's own version that takes a snapshot from memory, and nothing after it.

    Valkey 9 writes its newer types (hash fields that expire) only for a replica that says its version; servers before
    do not know the word.
    """
    about = client.info("server")
    with contextlib.suppress(EngineError):
        client.command("REPLCONF", "version", about.get("valkey_version") or about["redis_version"])
    client.command("REPLCONF", "capa", "eof")
    client.command("REPLCONF", "rdb-only", "1")


def _mark(client: Client) -> bytes:
    """The mark that ends the snapshot; until it begins the server sends empty lines."""
    while not (line := client.read_line()):
        pass
    mark = line[len(_ANNOUNCED) :]
    if not line.startswith(_ANNOUNCED) or len(mark) != _MARK_BYTES:
        raise EngineError(f"the server gives no snapshot: {line.decode('utf-8', 'replace')}")
    return mark


def copy_snapshot(source: socket.socket, mark: bytes, sink: Sink) -> None:
    """Pass the snapshot on in members of a fixed size; the last bytes are held back, for they may be the mark."""
    buffer = memoryview(bytearray(_MEMBER_BYTES + _MARK_BYTES))
    filled = number = 0
    while buffer[max(0, filled - _MARK_BYTES) : filled] != mark:
        if filled == len(buffer):
            _member(sink, f"{SNAPSHOT}.{number:06}", buffer[:_MEMBER_BYTES])
            buffer[:_MARK_BYTES] = buffer[_MEMBER_BYTES:]
            filled, number = _MARK_BYTES, number + 1
        try:
            count = source.recv_into(buffer[filled:])
        except OSError as error:
            raise EngineError(f"the snapshot stopped: {error}") from error
        if not count:
            raise EngineError("the server ended the snapshot too early: its log says why")
        filled += count
    _member(sink, f"{SNAPSHOT}.{number:06}", buffer[: filled - _MARK_BYTES])


def _member(sink: Sink, name: str, content: memoryview) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = len(content), 0o600
    for part in (header.tobuf(tarfile.USTAR_FORMAT), content, bytes(-len(content) % tarfile.BLOCKSIZE)):
        if part:
            sink(part if isinstance(part, memoryview) else memoryview(bytearray(part)))  # a block can be written to

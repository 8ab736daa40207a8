"""Backups: what a replica gets, an RDB snapshot, straight from the server's memory and without a file on the volume.

We ask as a replica does that wants a snapshot alone ("Replication" in the manual; SYNC with the capability EOF, as
`redis-cli --rdb`): the answer ends with a mark of 40 random bytes that its first line tells. The snapshot has no users,
so the stream is a tar: `users.acl`, then the snapshot in members `dump.rdb.000000` and on, which put together are it.
"""

from __future__ import annotations

import contextlib
import socket
import tarfile
from collections.abc import Iterable

from datastores.host.errors import EngineError
from datastores.host.roles import backups
from datastores.host.roles.backups import BackupState
from datastores.host.streams import Sink, Source
from datastores.redis.engine import restore
from datastores.redis.engine.client import Client
from datastores.redis.engine.node import Node
from datastores.redis.engine.users import tenant_lines

_ANNOUNCED = b"$EOF:"
_MARK_BYTES = 40
_MEMBER_BYTES = 8 * 1024 * 1024
_STALL_SECONDS = 900.0


class Backups(backups.Backups):
    """Backups of all data and the tenant's users."""

    node: Node
    format = "rdb.tar"

    def backup(self, sink: Sink, state: BackupState) -> None:
        with self.node.admin() as client:
            _announce(client)
            users = "".join(f"{line}\n" for line in tenant_lines(client.command("ACL", "LIST")))
            _member(sink, restore.USERS, memoryview(bytearray(users.encode())))
            client.socket.settimeout(_STALL_SECONDS)
            client.send("SYNC")
            copy_snapshot(client.socket, _mark(client), sink)
        sink(memoryview(bytearray(2 * tarfile.BLOCKSIZE)))

    def size(self) -> int:
        """Return the bytes of the keys and values in memory."""
        with self.node.admin() as client:
            return int(client.info("memory")["used_memory_dataset"])

    def restore(self, layers: Iterable[Source]) -> None:
        restore.load(self.node, layers)


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
            _member(sink, f"{restore.SNAPSHOT}.{number:06}", buffer[:_MEMBER_BYTES])
            buffer[:_MARK_BYTES] = buffer[_MEMBER_BYTES:]
            filled, number = _MARK_BYTES, number + 1
        try:
            count = source.recv_into(buffer[filled:])
        except OSError as error:
            raise EngineError(f"the snapshot stopped: {error}") from error
        if not count:
            raise EngineError("the server ended the snapshot too early: its log says why")
        filled += count
    _member(sink, f"{restore.SNAPSHOT}.{number:06}", buffer[: filled - _MARK_BYTES])


def _member(sink: Sink, name: str, content: memoryview) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = len(content), 0o600
    for part in (header.tobuf(tarfile.USTAR_FORMAT), content, bytes(-len(content) % tarfile.BLOCKSIZE)):
        if part:
            sink(part if isinstance(part, memoryview) else memoryview(bytearray(part)))  # a block can be written to

"""Writes `parameters-<number>.json`: what a tenant may set in Redis or Valkey.

`python -m datastores.redis.make_parameters SERVER_PROGRAM FILE` starts that server. It tells which of the parameters it
has and which cannot change while it runs; it does not tell types, which are those of its documented configuration file
(redis.conf, valkey.conf) and config.c. Left out is what the service owns: network, users, files and persistence,
replication, clustering, logging, processes, TLS, and what switches a protection off.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from datastores.host.errors import EngineError
from datastores.parameters import Entry
from datastores.redis.engine.client import Client, Refused

_INT, _LONG = 2**31 - 1, 2**63 - 1
_MIB = 1 << 20
_START_SECONDS = 10.0
_POLL_SECONDS = 0.02
_POLICIES = (
    "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random",
    "noeviction",
)  # fmt: skip


def _number(low: int, high: int, description: str) -> Entry:
    return {"type": "integer", "description": description, "min": low, "max": high}


def _bytes(low: int, high: int, description: str) -> Entry:
    return {"type": "integer", "description": description, "unit": "B", "min": low, "max": high}


def _switch(description: str) -> Entry:
    return {"type": "boolean", "description": description}


def _choice(choices: tuple[str, ...], description: str) -> Entry:
    return {"type": "string", "description": description, "choices": choices}


def _text(pattern: str | None, description: str) -> Entry:
    return {"type": "string", "description": description} | ({"pattern": pattern} if pattern else {})


PARAMETERS: dict[str, Entry] = {
    "acllog-max-len": _number(0, _INT, "Entries that the log of refused accesses keeps."),
    "active-defrag-cycle-max": _number(1, 99, "Most CPU (percent) that defragmentation takes."),
    "active-defrag-cycle-min": _number(1, 99, "Least CPU (percent) that defragmentation takes."),
    "active-defrag-ignore-bytes": _bytes(1, _LONG, "Waste of memory below which there is no defragmentation."),
    "active-defrag-max-scan-fields": _number(
        1, _LONG, "Fields of a collection up to which it is defragmented at once."
    ),
    "active-defrag-threshold-lower": _number(0, 1000, "Fragmentation (percent) from which defragmentation works."),
    "active-defrag-threshold-upper": _number(0, 1000, "Fragmentation (percent) from which it works its hardest."),
    "active-expire-effort": _number(1, 10, "How hard the server looks for expired keys."),
    "activedefrag": _switch("Defragments memory while the server runs, where the build can."),
    "activerehashing": _switch("Grows hash tables in the background, too."),
    "appendfsync": _choice(("always", "everysec", "no"), "When the append-only file is forced to disk."),
    "auto-aof-rewrite-min-size": _bytes(_MIB, _LONG, "Size from which the append-only file is rewritten."),
    "auto-aof-rewrite-percentage": _number(1, _INT, "Growth (percent) after which the append-only file is rewritten."),
    "busy-reply-threshold": _number(0, _LONG, "Time (ms) after which a running script makes other clients hear BUSY."),
    "client-output-buffer-limit": _text(None, "Limits of what waits to be sent: class, hard, soft, seconds; repeated."),
    "client-query-buffer-limit": _bytes(_MIB, _LONG, "Largest request buffer of a client."),
    "commandlog-execution-slower-than": _number(-1, _LONG, "Time (us) from which a command is slow; -1: none is."),
    "commandlog-large-reply-max-len": _number(0, _LONG, "Entries that the log of large replies keeps."),
    "commandlog-large-request-max-len": _number(0, _LONG, "Entries that the log of large requests keeps."),
    "commandlog-reply-larger-than": _number(-1, _LONG, "Size (bytes) from which a reply is large; -1: none is."),
    "commandlog-request-larger-than": _number(-1, _LONG, "Size (bytes) from which a request is large; -1: none is."),
    "commandlog-slow-execution-max-len": _number(0, _LONG, "Entries that the log of slow commands keeps."),
    "databases": _number(1, 65536, "Number of databases."),
    "dynamic-hz": _switch("Runs background tasks more often with more clients."),
    "extended-redis-compatibility": _switch("Calls itself Redis where clients ask."),
    "hash-max-listpack-entries": _number(0, _LONG, "Fields up to which a hash is stored compactly."),
    "hash-max-listpack-value": _number(0, _LONG, "Bytes of a value up to which a hash is stored compactly."),
    "hll-sparse-max-bytes": _number(0, _LONG, "Bytes up to which a HyperLogLog is stored compactly."),
    "hz": _number(1, 500, "How often a second background tasks run."),
    "io-threads": _number(1, 128, "Threads that read and write the network."),
    "io-threads-do-reads": _switch("Has these threads read, too."),
    "latency-monitor-threshold": _number(0, _LONG, "Time (ms) from which latency is sampled; 0: never."),
    "latency-tracking": _switch("Tracks the latency of each command."),
    "latency-tracking-info-percentiles": _text("[0-9. ]*", "Percentiles that INFO shows of it."),
    "lazyfree-lazy-eviction": _switch("Frees evicted keys in the background."),
    "lazyfree-lazy-expire": _switch("Frees expired keys in the background."),
    "lazyfree-lazy-server-del": _switch("Frees overwritten keys in the background."),
    "lazyfree-lazy-user-del": _switch("Has DEL free in the background."),
    "lazyfree-lazy-user-flush": _switch("Has FLUSHDB and FLUSHALL free in the background."),
    "lfu-decay-time": _number(0, _INT, "Minutes after which a key's frequency counter is lowered."),
    "lfu-log-factor": _number(0, _INT, "How many hits a key needs to be the most frequent."),
    "list-compress-depth": _number(0, _INT, "Nodes at each end of a list that are not compressed; 0: none is."),
    "list-max-listpack-size": _number(-5, _INT, "Elements of a list's node, or its size class from -1 (4 KiB) to -5."),
    "maxclients": _number(10, 1_000_000, "Most connections at a time."),
    "maxmemory": _bytes(16 * _MIB, _LONG, "Most memory for keys and values."),
    "maxmemory-clients": _text(
        "[0-9]+(%|B|kB|MB|GB)?", "Most memory for clients, or percent of maxmemory; 0: no limit."
    ),
    "maxmemory-eviction-tenacity": _number(0, 100, "How long eviction may keep the server busy."),
    "maxmemory-policy": _choice(_POLICIES, "What is evicted when the memory is used up."),
    "maxmemory-samples": _number(1, 64, "Keys that eviction compares."),
    "no-appendfsync-on-rewrite": _switch("Does not force the append-only file to disk during its rewrite."),
    "notify-keyspace-events": _text("[KEg$lshzxetdmnA]*", "Classes of events that subscribers hear of."),
    "prefetch-batch-max-size": _number(0, 128, "Keys that are prefetched together."),
    "proto-max-bulk-len": _bytes(_MIB, _LONG, "Largest value of a request."),
    "set-max-intset-entries": _number(0, _LONG, "Members up to which a set of integers is stored compactly."),
    "set-max-listpack-entries": _number(0, _LONG, "Members up to which a set is stored compactly."),
    "set-max-listpack-value": _number(0, _LONG, "Bytes of a member up to which a set is stored compactly."),
    "slowlog-log-slower-than": _number(-1, _LONG, "Time (us) from which a command is slow; -1: none is."),
    "slowlog-max-len": _number(0, _LONG, "Entries that the slow log keeps."),
    "stream-node-max-bytes": _bytes(0, _LONG, "Largest node of a stream; 0: no limit."),
    "stream-node-max-entries": _number(0, _LONG, "Entries of a node of a stream; 0: no limit."),
    "tcp-backlog": _number(0, _INT, "Connections that may wait to be accepted."),
    "tcp-keepalive": _number(0, _INT, "Time (s) after which silent connections are checked; 0: never."),
    "timeout": _number(0, _INT, "Time (s) after which idle connections are closed; 0: never."),
    "tracking-table-max-keys": _number(0, _LONG, "Keys that are tracked for clients that cache; 0: no limit."),
    "zset-max-listpack-entries": _number(0, _LONG, "Members up to which a sorted set is stored compactly."),
    "zset-max-listpack-value": _number(0, _LONG, "Bytes of a member up to which a sorted set is stored compactly."),
}


def parameters(client: Client) -> list[Entry]:
    """Those that the server has, as the catalog describes parameters."""
    shown = client.command("CONFIG", "GET", "*")
    values = dict(zip(shown[::2], shown[1::2], strict=True))
    return [
        {"name": name, "restart_required": _is_immutable(client, name, values[name]), **described}
        for name, described in PARAMETERS.items()
        if name in values
    ]


def _is_immutable(client: Client, name: str, value: str) -> bool:
    try:
        client.command("CONFIG", "SET", name, value)
    except Refused as refused:
        if "immutable" not in str(refused):
            raise
        return True
    return False


def _connect(path: Path) -> Client:
    limit = time.monotonic() + _START_SECONDS
    while True:
        try:
            return Client(path)
        except EngineError:
            if time.monotonic() > limit:
                raise
            time.sleep(_POLL_SECONDS)


def main(program: str, file: str) -> None:
    """Write the file, one parameter a line."""
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "s"
        command = [str(Path(program).resolve()), "--port", "0", "--unixsocket", str(socket), "--save", ""]
        process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL)
        try:
            with _connect(socket) as client:
                lines = ",\n".join(json.dumps(parameter) for parameter in parameters(client))
        finally:
            process.terminate()
            process.wait()
    Path(file).write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

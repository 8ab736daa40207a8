"""Starting and stopping the server."""

from __future__ import annotations

import re
import shlex
import time

from datastores.host import files
from datastores.host.errors import DiskFull, EngineError
from datastores.redis.engine_client import ConnectionsTaken, Refused
from datastores.redis.engine_server import Server

_POLL_SECONDS = 0.02
_LOG_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 4000
_TAIL_LINES = 5
_NO_SPACE = "No space left on device"
_READY = "Ready to accept connections"
_WORRY = re.compile(r"\d+:[A-Z] .{20,30} # |[^\d\s]")
"""A warning, or what is no log entry: the complaint about a configuration."""
_SAID_BY_EVERY_START = ("WARNING", "Configuration loaded", "oO0OoO0OoO0Oo")


def start(server: Server) -> None:
    """Start unless it runs, wait until it has loaded its data, and register for the host's boot.

    Raises EngineError (or DiskFull) with the log's last words.
    """
    ready = f"tail -c +$((said + 1)) {shlex.quote(str(server.log))} 2>/dev/null | grep -q {shlex.quote(_READY)}"
    server.daemon.register([server.program, server.conf], ready, "rm -f temp-*")
    if not runs(server):
        since = _rotated_size(server)
        try:
            server.daemon.start()
        except EngineError as error:
            raise _failure(server, since) from error
    while _loads(server):
        time.sleep(_POLL_SECONDS)


def stop(server: Server) -> None:
    """Stop, also for the next boots; nothing happens when it does not run. Raises EngineError.

    One that does not end is killed: what it acknowledged is in its append-only file.
    """
    server.daemon.stop()


def runs(server: Server) -> bool:
    """Whether the server's process is there."""
    return server.daemon.runs()


def _loads(server: Server) -> bool:
    """Whether it reads its data yet. Raises EngineError when it does not answer.

    One whose connections are all taken counts as serving, for nobody could be told otherwise.
    """
    try:
        with server.admin() as client:
            client.command("PING")
    except ConnectionsTaken:
        return False
    except Refused as refused:
        if refused.kind != "LOADING":
            raise
        return True
    return False


def _rotated_size(server: Server) -> int:
    """The log's size, after a long one has been put aside; the server opens it for each entry."""
    if not server.log.exists():
        return 0
    size = server.log.stat().st_size
    if size > _LOG_BYTES:
        server.log.replace(server.old_log)
        return 0
    return size


def _failure(server: Server, since: int) -> EngineError:
    """Why the server did not start: its last worries since then."""
    found = [
        line
        for line in files.tail(server.log, _TAIL_BYTES, since).splitlines()
        if _WORRY.match(line) and not any(word in line for word in _SAID_BY_EVERY_START)
    ]
    words = "\n".join(found[-_TAIL_LINES:]) or f"it left no word in {server.log}"
    if _NO_SPACE in words:
        return DiskFull(f"the instance's volume is full: use a larger volume ({words})")
    return EngineError(f"{server.product.title} does not start: {words}")

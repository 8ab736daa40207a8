"""How a tenant's superuser can lock the service out, and how the service gets in again at the next call or start.

what was done                                  what lets the service in
the service's database dropped or closed       made or opened from another database
its role renamed, disabled, limited            put right by `root` through the socket, where `root` is a superuser
every connection taken, the reserved ones too  an idle session of the tenant's is ended, by a signal from the host
every database closed, the role locked out     put right in single-user mode at the next start, which asks nobody
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable, TypeVar

from datastores.host.errors import EngineError
from datastores.postgresql.engine.node import MAINTENANCE, SUPERUSER, ConnectionRefused, Node

Begun = TypeVar("Begun")

_ROOT = "root"
_DETOURS = (
    (SUPERUSER, "template1"), (SUPERUSER, "postgres"),
    (_ROOT, MAINTENANCE), (_ROOT, "template1"), (_ROOT, "postgres"),
)  # fmt: skip
# 10 is the role that initdb made (BOOTSTRAP_SUPERUSERID in pg_authid.dat), the rest is SUPERUSER and MAINTENANCE
_REPAIR = r"""
SELECT format('ALTER ROLE %I RENAME TO %I', rolname, rolname || '_' || oid)
  FROM pg_roles WHERE rolname = 'postgres' AND oid <> 10 \gexec
SELECT format('ALTER ROLE %I RENAME TO postgres', rolname)
  FROM pg_roles WHERE oid = 10 AND rolname <> 'postgres' \gexec
ALTER ROLE postgres LOGIN SUPERUSER CONNECTION LIMIT -1 VALID UNTIL 'infinity';
SELECT 'DROP DATABASE pg_trove' FROM pg_database WHERE datname = 'pg_trove' AND datconnlimit = -2 \gexec
SELECT 'CREATE DATABASE pg_trove TEMPLATE ' || (
       SELECT quote_ident(datname) FROM pg_database WHERE datname IN ('template0', 'template1') ORDER BY 1 LIMIT 1)
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'pg_trove') \gexec
ALTER DATABASE pg_trove ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
REVOKE CONNECT, TEMPORARY ON DATABASE pg_trove FROM PUBLIC;
"""
_SINGLE_USER = """\
UPDATE pg_authid SET rolname = rolname || '_' || oid WHERE rolname = 'postgres' AND oid <> 10;
UPDATE pg_authid SET rolname = 'postgres', rolsuper = true, rolcanlogin = true WHERE oid = 10;
UPDATE pg_authid SET rolconnlimit = -1, rolvaliduntil = NULL WHERE oid = 10;
UPDATE pg_database SET datallowconn = true, datconnlimit = -1 WHERE datname IN ('template1', 'pg_trove');
"""
_SINGLE_USER_DATABASES = ("template1", "postgres", "template0")
_FULL = re.compile(r"too many clients|connection slots are reserved|too many connections|max_wal_senders")
_ATTEMPTS = 50
_PAUSE_SECONDS = 0.1
# What a backend shows as its command: "postgres: [cluster_name: ]user database address state" (ps_status.c)
_BACKEND = re.compile(rb"postgres: (?:[^ ]+: )?(?P<kind>walsender )?(?P<user>[^ ]+) .*\([0-9]+\) ?(?P<state>[^\0]*)")


def retry(node: Node, script: str, database: str) -> str:
    """Output of a script whose session was refused, by a way that is opened for it.

    Raises ConnectionRefused when it stays barred, else as `Cluster.run`.
    """
    run = functools.partial(node.run, script, node.connection(database))
    try:
        return make_room(node, run)
    except ConnectionRefused:
        if database != MAINTENANCE or not _repair(node):
            raise
    return make_room(node, run)


def make_room(node: Node, begin: Callable[[], Begun]) -> Begun:
    """What `begin` gives, which begins a session; idle ones of the tenant's are ended, one after another, as long as
    it is refused for want of room. A session of our own that has just ended may take its room for a moment, too."""
    for _attempt in range(_ATTEMPTS):
        try:
            return begin()
        except ConnectionRefused as refused:
            if not _FULL.search(str(refused)):
                raise
        time.sleep(_PAUSE_SECONDS)
        end_session(node)
    return begin()


def repair_offline(node: Node) -> bool:
    """Put the role and the databases right while the server is stopped; whether that was done."""
    for database in _SINGLE_USER_DATABASES:
        command: list[str | Path] = [node.bin / "postgres", "--single", "-D", node.data, database]
        with contextlib.suppress(EngineError):
            node.programs.run(command, _SINGLE_USER)
            return True
    return False


def _repair(node: Node) -> bool:
    for user, database in _DETOURS:
        with contextlib.suppress(ConnectionRefused):
            make_room(node, functools.partial(node.run, _REPAIR, node.connection(database, user)))
            return True
    return False


def end_session(node: Node, *, walsender: bool = False) -> None:
    """End one session that came over the network: an idle one where there is one, else the youngest."""
    found = [
        (backend["state"] != b"idle", -pid, pid)
        for pid, backend in _backends(node)
        if backend["user"] != SUPERUSER.encode() and bool(backend["kind"]) == walsender
    ]
    if found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(min(found)[2], signal.SIGTERM)


def _backends(node: Node) -> Iterator[tuple[int, re.Match[bytes]]]:
    postmaster = (node.data / "postmaster.pid").read_text().split("\n", 1)[0]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            title = (process / "cmdline").read_bytes() if parent == postmaster else b""
        except OSError:
            continue
        if match := _BACKEND.match(title):
            yield int(process.name), match

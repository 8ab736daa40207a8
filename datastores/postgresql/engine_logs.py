"""The logs: the server writes one; `general` is the whole of it, `error` what is not the statements of tenants.

"Error Reporting and Logging" in the manual; engine_config sets the files' names and the prefix of the entries.
"""

from __future__ import annotations

import re

from datastores.host.errors import BadRequest
from datastores.host.logs import Log
from datastores.postgresql.engine_cluster import Cluster

GENERAL, ERROR = "general", "error"
_BEGIN = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*? ([A-Z]+[1-5]?):  ([a-z]*)")
_GOES_ON = frozenset({b"DETAIL", b"HINT", b"CONTEXT", b"QUERY", b"STATEMENT", b"LOCATION"})
_OF_STATEMENTS = frozenset({b"statement", b"execute", b"parse", b"bind", b"duration", b"fastpath"})


def log(cluster: Cluster, name: str) -> Log:
    """A log by its name. Raises BadRequest."""
    if name not in (GENERAL, ERROR):
        raise BadRequest(f"PostgreSQL has no log '{name}': it has '{GENERAL}' and '{ERROR}'")
    files = sorted(cluster.facts.log.glob("postgresql-*.log"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return Log(tuple(files), _begins if name == GENERAL else _begins_error)


def _begins(line: bytes) -> bool | None:
    found = None if line.startswith(b"\t") else _BEGIN.match(line)
    if line.startswith(b"\t") or (found and found[1] in _GOES_ON):
        return None
    return True


def _begins_error(line: bytes) -> bool | None:
    begins, found = _begins(line), _BEGIN.match(line)
    if begins and found and found[1] == b"LOG" and found[2] in _OF_STATEMENTS:
        return False
    return begins

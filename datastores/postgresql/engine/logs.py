"""The logs: the server writes one; `general` is the whole of it, `error` what is not the statements of tenants.

"Error Reporting and Logging" in the manual; `config` sets the files' names and the prefix of the entries.
"""

from __future__ import annotations

import re

from datastores.host.logs import Log
from datastores.host.roles import logs
from datastores.postgresql.engine.node import Node

_BEGIN = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.*? ([A-Z]+[1-5]?):  ([a-z]*)")
_GOES_ON = frozenset({b"DETAIL", b"HINT", b"CONTEXT", b"QUERY", b"STATEMENT", b"LOCATION"})
_OF_STATEMENTS = frozenset({b"statement", b"execute", b"parse", b"bind", b"duration", b"fastpath"})


class Logs(logs.Logs):
    """The logs `general` and `error`, of the same files."""

    node: Node

    def logs(self) -> dict[str, Log]:
        found = self.node.facts.log.glob("postgresql-*.log")
        files = tuple(sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name)))
        return {"general": Log(files, begins), "error": Log(files, begins_error)}


def begins(line: bytes) -> bool | None:
    """Tell whether a line begins an entry."""
    found = None if line.startswith(b"\t") else _BEGIN.match(line)
    if line.startswith(b"\t") or (found and found[1] in _GOES_ON):
        return None
    return True


def begins_error(line: bytes) -> bool | None:
    """Tell whether a line begins an entry that is none of the statements of tenants."""
    begin, found = begins(line), _BEGIN.match(line)
    if begin and found and found[1] == b"LOG" and found[2] in _OF_STATEMENTS:
        return False
    return begin

"""Ending the sessions of users."""

from __future__ import annotations

import time

from datastores.host.errors import EngineError
from datastores.mysql.engine.node import Node
from datastores.mysql.engine.sql import is_text

_SECONDS = 5.0
_POLL_SECONDS = 0.05
_FULL = """
SELECT (SELECT COUNT(*) FROM information_schema.PROCESSLIST) > @@GLOBAL.max_connections - 3;
"""
_IDLE = """
SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Sleep' AND HOST <> 'localhost'
 ORDER BY TIME DESC LIMIT 3;
"""


def end_of_user(node: Node, user: str, database: str | None = None) -> None:
    """End the sessions of the users of that name (the server tells whose a session is by name alone), all or those in
    one database. Raises EngineError when one does not end."""
    _end(node, f"{is_text('USER', user)} AND {is_text('DB', database)}" if database else is_text("USER", user))


def end_in_database(node: Node, database: str) -> None:
    """End the sessions in a database. Raises EngineError when one does not end."""
    _end(node, is_text("DB", database))


def make_room(node: Node) -> None:
    """Where the tenant has taken every connection, end those of its sessions that have been idle longest: a backup
    needs one for its whole length. Raises EngineError."""
    if node.sql(_FULL) == "1":
        idle = node.sql(_IDLE).split()
        node.try_each([f"KILL {int(session)};\n" for session in idle])


def _end(node: Node, condition: str) -> None:
    """Those of the service come from the socket, and stay."""
    query = f"SELECT ID FROM information_schema.PROCESSLIST WHERE HOST <> 'localhost' AND {condition};\n"  # noqa: S608 -- hexadecimal
    limit = time.monotonic() + _SECONDS
    while sessions := node.sql(query).split():
        if time.monotonic() > limit:
            raise EngineError(f"a session does not end within {_SECONDS:g} s")
        node.try_each([f"KILL {int(session)};\n" for session in sessions])  # one that has just ended is refused
        time.sleep(_POLL_SECONDS)

"""Least values that the data need of a server's settings, whatever its configuration says.

Data with prepared transactions start only where `max_prepared_transactions` has room for them: in a restored instance
without the configuration group that allowed them, or after the group was detached. When the server was shut down
cleanly each has a file; otherwise the write-ahead log may hold more of them, up to the limit with which the server ran.

A standby stops replaying where one of five settings is lower than the primary's, which the log tells it (manual,
26.4.3): the data keeps the primary's values.
"""

from __future__ import annotations

import re

from datastores.host.errors import ProgramFailed
from datastores.postgresql.engine import group
from datastores.postgresql.engine.node import Node

_PREPARED = "max_prepared_transactions"
_OF_PRIMARY = {
    "max_connections": ("max_connections", 100),
    "max_worker_processes": ("max_worker_processes", 8),
    "max_wal_senders": ("max_wal_senders", 10),
    _PREPARED: ("max_prepared_xacts", 0),
    "max_locks_per_transaction": ("max_locks_per_xact", 64),
}
"""A setting, its name among the control data, its default."""
_STATE = re.compile(r"^Database cluster state:\s+(.+)$", re.MULTILINE)
_CLEAN = "shut down"


def write(node: Node) -> None:
    """Write the values for the server's next start; it is stopped.

    The file is there without any, too: each of PostgreSQL's processes logs that an included file is missing.
    """
    try:
        said = node.programs.run([node.bin / "pg_controldata", "-D", node.data])
    except ProgramFailed:  # the start will tell what is wrong with the data
        said = ""
    if group.stands_by(node):
        needed = {name: _kept(said, name) for name in _OF_PRIMARY}
    else:
        needed = {_PREPARED: _prepared(node, said)}
    lines = [f"{name} = {least}\n" for name, least in needed.items() if least > _configured(node, name)]
    node.write(node.floors_conf, "".join(lines))


def _prepared(node: Node, said: str) -> int:
    """How many prepared transactions the data may hold."""
    state = _STATE.search(said)
    if state and state[1] == _CLEAN:
        return len(list((node.data / "pg_twophase").glob("*")))
    return _kept(said, _PREPARED)


def _kept(said: str, name: str) -> int:
    """The value that the data keep of the server, or primary, that wrote them."""
    found = re.search(rf"^{_OF_PRIMARY[name][0]} setting:\s+([0-9]+)$", said, re.MULTILINE)
    return int(found[1]) if found else 0


def _configured(node: Node, name: str) -> int:
    """What host.conf says, the last line of the name being in force, or the server's default."""
    conf = node.host_conf.path
    text = conf.read_text(encoding="utf-8") if conf.exists() else ""
    found = re.findall(rf"^{name} = '([0-9]+)'$", text, re.MULTILINE)
    return int(found[-1]) if found else _OF_PRIMARY[name][1]

"""Least values that the data need of a server's settings, whatever its configuration says.

Data with prepared transactions start only where `max_prepared_transactions` has room for them: in a restored instance
without the configuration group that allowed them, or after the group was detached. When the server was shut down
cleanly each has a file; otherwise the write-ahead log may hold more of them, up to the limit with which the server ran.
"""

from __future__ import annotations

import re

from datastores.host import files
from datastores.host.errors import ProgramFailed
from datastores.postgresql.engine_cluster import Cluster

_SETTING = "max_prepared_transactions"
_LIMIT = re.compile(r"^max_prepared_xacts setting:\s+([0-9]+)$", re.MULTILINE)
_STATE = re.compile(r"^Database cluster state:\s+(.+)$", re.MULTILINE)
_CLEAN = "shut down"


def write(cluster: Cluster) -> None:
    """Write the values for the server's next start; it is stopped."""
    least = _prepared(cluster)
    text = f"{_SETTING} = {least}\n" if least > _configured(cluster) else ""
    if cluster.floors_conf.exists() or text:
        files.write_text(cluster.floors_conf, text)
        cluster.facts.give(cluster.floors_conf)


def _prepared(cluster: Cluster) -> int:
    """How many prepared transactions the data may hold."""
    try:
        said = cluster.programs.run([cluster.bin / "pg_controldata", "-D", cluster.data])
    except ProgramFailed:  # the start will tell what is wrong with the data
        return 0
    state, limit = _STATE.search(said), _LIMIT.search(said)
    if state and state[1] == _CLEAN:
        return len(list((cluster.data / "pg_twophase").glob("*")))
    return int(limit[1]) if limit else 0


def _configured(cluster: Cluster) -> int:
    """What host.conf says, the last line of the name being in force; the server's default is 0."""
    if not cluster.host_conf.exists():
        return 0
    found = re.findall(rf"^{_SETTING} = '([0-9]+)'$", cluster.host_conf.read_text(encoding="utf-8"), re.MULTILINE)
    return int(found[-1]) if found else 0

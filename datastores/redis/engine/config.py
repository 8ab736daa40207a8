"""The configuration of this host: the tenant's settings, then what is not the tenant's to change.

Values are written as redis.conf quotes them: in double quotes, with \\xHH for what is not printable ASCII.
"""

from __future__ import annotations

import re

from datastores.host.settings import check_names, in_bytes
from datastores.protocol.engine import Settings
from datastores.redis.engine import group, tls
from datastores.redis.engine.node import Node

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_PLAIN = {byte: chr(byte) for byte in range(ord(" "), ord("~") + 1) if chr(byte) not in '"\\'}
_FIXED_FROM_HERE = "# what follows is not for the tenant to change\n"
_STALL_SECONDS = 900  # longer than the upload of a backup waits for an object store that is away


def text(node: Node, settings: Settings) -> str:
    """The text of the configuration. Raises BadRequest for a setting that cannot be written."""
    included = "".join(f"include {quoted(str(path))}\n" for path in (node.group_conf, node.guard_conf))
    return lines(settings) + _FIXED_FROM_HERE + lines(_fixed(node)) + included


def write_group(node: Node) -> None:
    """Write group.conf for the next start; it is there in a server of no group, too, for it is included."""
    followed = group.read(node).followed
    replicaof = f"replicaof {' '.join(followed)}\n" if followed else ""
    node.write(node.group_conf, lines(of_group(node)) + replicaof)


def of_group(node: Node) -> Settings:
    """What the server's place in a group needs, but for whom it follows; nothing in a server of no group."""
    return {**group.settings(node), **tls.of_group(node)}


def lines(settings: Settings) -> str:
    """Settings as the configuration has them. Raises BadRequest for a name that is none."""
    check_names(settings, _NAME, "a setting")
    return "".join(f"{name} {quoted(value(setting))}\n" for name, setting in sorted(settings.items()))


def names(content: str) -> set[str]:
    """The names of the settings that a configuration has for the tenant."""
    own = content.partition(_FIXED_FROM_HERE)[0]
    return {line.partition(" ")[0] for line in own.splitlines()}


def value(setting: object) -> str:
    """A setting as the server reads it: `yes` and `no`, quantities of memory in bytes."""
    if isinstance(setting, bool):
        return "yes" if setting else "no"
    quantity = in_bytes(setting)
    return str(setting) if quantity is None else str(quantity)


def quoted(word: str) -> str:
    """A word as one argument of redis.conf."""
    return '"' + "".join(_PLAIN.get(byte, f"\\x{byte:02x}") for byte in word.encode()) + '"'


def _fixed(node: Node) -> Settings:
    facts = node.facts
    reached: Settings = {"port": node.port}
    if tls.available(node):
        reached = {"tls-port": node.port, "tls-protocols": "TLSv1.2 TLSv1.3", **tls.settings(node)}
    return {
        **reached,
        "bind": facts.address,
        "unixsocket": node.socket,
        "unixsocketperm": 700,
        "aclfile": node.users,
        "dir": node.data,
        "daemonize": False,
        "logfile": node.log,
        "appendonly": True,
        "save": "",
        "repl-diskless-sync": True,
        "repl-diskless-sync-delay": 0,
        "repl-timeout": _STALL_SECONDS,
        "sanitize-dump-payload": "clients",
    }

"""The configuration of this host: the tenant's settings, then what is not the tenant's to change.

Values are written as redis.conf quotes them: in double quotes, with \\xHH for what is not printable ASCII.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.errors import BadRequest
from datastores.protocol.engine import Settings
from datastores.redis.engine_server import Server

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_QUANTITY = re.compile(r"([0-9]+) ?(B|kB|MB|GB|TB)")
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_PLAIN = {byte: chr(byte) for byte in range(ord(" "), ord("~") + 1) if chr(byte) not in '"\\'}
_FIXED_FROM_HERE = "# what follows is not for the tenant to change\n"
_STALL_SECONDS = 900  # longer than the upload of a backup waits for an object store that is away
_TLS_PORT = "\ntls-port "
_TLS_TRIAL = "port 0\ntls-port 1\n"
_TLS_NEEDS = "tls-cert-file"  # what a server built with TLS asks for then; one without says that it has none


def write(server: Server, settings: Settings) -> None:
    """Write the configuration. Raises BadRequest for a setting that cannot be written."""
    replace(server, text(server, settings))


def replace(server: Server, content: str) -> None:
    """Make that text the configuration."""
    files.write_text(server.conf, content)
    server.facts.give(server.conf)


def text(server: Server, settings: Settings) -> str:
    """The text of the configuration. Raises BadRequest for a setting that cannot be written."""
    return lines(settings) + _FIXED_FROM_HERE + lines(_fixed(server))


def lines(settings: Settings) -> str:
    """Settings as the configuration has them. Raises BadRequest for a name that is none."""
    for name in settings:
        if not _NAME.fullmatch(name):
            raise BadRequest(f"{name!r} is not the name of a setting")
    return "".join(f"{name} {quoted(value(setting))}\n" for name, setting in sorted(settings.items()))


def names(content: str) -> set[str]:
    """The names of the settings that a configuration has for the tenant."""
    own = content.partition(_FIXED_FROM_HERE)[0]
    return {line.partition(" ")[0] for line in own.splitlines()}


def value(setting: object) -> str:
    """A setting as the server reads it: `yes` and `no`, quantities of memory in bytes."""
    if isinstance(setting, bool):
        return "yes" if setting else "no"
    quantity = _QUANTITY.fullmatch(str(setting))
    return str(int(quantity[1]) * _BYTES[quantity[2]]) if quantity else str(setting)


def quoted(word: str) -> str:
    """A word as one argument of redis.conf."""
    return '"' + "".join(_PLAIN.get(byte, f"\\x{byte:02x}") for byte in word.encode()) + '"'


def _fixed(server: Server) -> dict[str, Any]:
    facts = server.facts
    reached: dict[str, Any] = {"port": server.port}
    if _has_tls(server):
        reached = {
            "port": 0,
            "tls-port": server.port,
            "tls-cert-file": facts.certificate,
            "tls-key-file": facts.private_key,
            "tls-auth-clients": False,
            "tls-protocols": "TLSv1.2 TLSv1.3",
        }
    return {
        **reached,
        "bind": facts.address,
        "unixsocket": server.socket,
        "unixsocketperm": 700,
        "aclfile": server.users,
        "dir": server.data,
        "daemonize": False,
        "logfile": server.log,
        "appendonly": True,
        "save": "",
        "repl-diskless-sync": True,
        "repl-diskless-sync-delay": 0,
        "repl-timeout": _STALL_SECONDS,
        "sanitize-dump-payload": "clients",
    }


def serves_tls(content: str) -> bool:
    """Whether a server with a configuration takes TLS only."""
    return _TLS_PORT in content


def reload_certificate(server: Server) -> None:
    """Have the running server read certificate and key again. Raises Refused."""
    facts = server.facts
    pair = ("tls-cert-file", str(facts.certificate), "tls-key-file", str(facts.private_key))
    with server.admin() as client:
        client.command("CONFIG", "SET", *pair)


def _has_tls(server: Server) -> bool:
    """Whether this host has a certificate for the server and a build that can use it.

    Asked for TLS without a certificate, the program ends at once, and says why.
    """
    if not server.facts.has_certificate:
        return False
    command: list[str | Path] = [server.program, "-"]
    process = server.programs.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return _TLS_NEEDS in process.communicate(_TLS_TRIAL.encode())[0].decode("utf-8", "replace")

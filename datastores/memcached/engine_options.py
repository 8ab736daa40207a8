"""The server's command line: it has no other configuration. See memcached(1)."""

from __future__ import annotations

import re
from pathlib import Path

from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.memcached.engine_tls import ENABLE
from datastores.protocol.engine import Settings

_NAME = re.compile(r"[a-z][a-z-]*")
_QUANTITY = re.compile(r"([0-9]+) ?(B|kB|MB|GB|TB)")
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_UNITS = {"memory-limit": _BYTES["MB"]}
_EXTENDED = ("idle-timeout",)
_TLS_1_2 = 2


def options(settings: Settings) -> list[str]:
    """The options of settings. Raises BadRequest for a name that is none."""
    found = []
    for name, setting in sorted(settings.items()):
        if not _NAME.fullmatch(name):
            raise BadRequest(f"{name!r} is not the name of a setting")
        if setting is True:
            found.append(f"--{name}")
        elif setting is not False:
            value = _value(name, setting)
            found.append(f"--extended={name.replace('-', '_')}={value}" if name in _EXTENDED else f"--{name}={value}")
    return found


def network(facts: Facts, port: int, *, tls: bool) -> list[str]:
    """Where it listens: TCP alone, with TLS if there is TLS."""
    found = [f"--listen={facts.address}", f"--port={port}", "--udp-port=0"]
    if tls:
        extended = (
            f"ssl_chain_cert={facts.certificate}",
            f"ssl_key={facts.private_key}",
            f"ssl_min_version={_TLS_1_2}",
        )
        found += [ENABLE, f"--extended={','.join(extended)}"]
    return found


def command(program: Path, settings: Settings, *more: str) -> list[str | Path]:
    """The command of a server that says what worries it."""
    return [program, "--verbose", *options(settings), *more]


def _value(name: str, setting: object) -> str:
    """A value as the server reads it: quantities of memory in the option's own unit."""
    quantity = _QUANTITY.fullmatch(str(setting))
    if quantity is None:
        return str(setting)
    return str(int(quantity[1]) * _BYTES[quantity[2]] // _UNITS.get(name, 1))

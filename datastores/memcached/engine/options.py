"""The server's command line: it has no other configuration. See memcached(1)."""

from __future__ import annotations

import re
from pathlib import Path

from datastores.host.facts import Facts
from datastores.host.settings import check_names, in_bytes
from datastores.memcached.engine.tls import ENABLE
from datastores.protocol.engine import Settings
from datastores.protocol.tls import TlsMode

_NAME = re.compile(r"[a-z][a-z-]*")
_UNITS = {"memory-limit": 1 << 20}
_EXTENDED = ("idle-timeout",)
_TLS_1_2 = 2
_REQUIRE = 2  # "ssl_verify_mode": a client without a certificate is refused


def options(settings: Settings) -> list[str]:
    """The options of settings. Raises BadRequest for a name that is none."""
    check_names(settings, _NAME, "a setting")
    found = []
    for name, setting in sorted(settings.items()):
        if setting is True:
            found.append(f"--{name}")
        elif setting is not False:
            value = _value(name, setting)
            found.append(f"--extended={name.replace('-', '_')}={value}" if name in _EXTENDED else f"--{name}={value}")
    return found


def network(facts: Facts, ports: tuple[int, int], *, tls: bool) -> list[str]:
    """Where it listens: TCP alone, with TLS if there is TLS, and then plain at the second port in the mode `basic`."""
    port, plain = ports
    found = [f"--listen={facts.address}", f"--port={port}", "--udp-port=0"]
    if tls:
        if facts.tls_mode == TlsMode.BASIC:
            found[0] = f"--listen={facts.address}:{port},notls:{facts.address}:{plain}"
        extended: tuple[str, ...] = (
            f"ssl_chain_cert={facts.certificate}",
            f"ssl_key={facts.private_key}",
            f"ssl_min_version={_TLS_1_2}",
        )
        if facts.tls_mode == TlsMode.MTLS:
            extended += (f"ssl_ca_cert={facts.client_authority}", f"ssl_verify_mode={_REQUIRE}")
        found += [ENABLE, f"--extended={','.join(extended)}"]
    return found


def command(program: Path, settings: Settings, *more: str) -> list[str | Path]:
    """The command of a server that says what worries it."""
    return [program, "--verbose", *options(settings), *more]


def _value(name: str, setting: object) -> str:
    """A value as the server reads it: quantities of memory in the option's own unit."""
    quantity = in_bytes(setting)
    return str(setting) if quantity is None else str(quantity // _UNITS.get(name, 1))

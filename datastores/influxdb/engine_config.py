"""The configuration: "Configuration" in the manual, in TOML.

The service that gives snapshots asks nobody who he is, so it listens on the loopback address only, at a port that is
chosen at each start: hosts of one machine have the same loopback address.
"""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

from datastores.host import bearer, files
from datastores.host.errors import BadRequest
from datastores.influxdb.engine_server import Server
from datastores.protocol.engine import Settings

_SETTING = re.compile(r"([a-z]+(?:-[a-z]+)*)\.([a-z]+(?:-[a-z]+)*)")
_LOOPBACK = "127.0.0.1"


def write(server: Server, settings: Settings) -> None:
    """Write the configuration. Raises BadRequest for a setting that cannot be written."""
    sections: dict[str, dict[str, Any]] = {}
    for setting, value in settings.items():
        found = _SETTING.fullmatch(setting)
        if found is None:
            raise BadRequest(f"{setting!r} is not a section and a setting of InfluxDB")
        sections.setdefault(found[1], {})[found[2]] = value
    http = {"bind-address": f"{server.facts.address}:{server.port}", **_tls(server)}
    for section, values in _fixed(server, server.data, http).items():
        sections[section] = {**sections.get(section, {}), **values}
    _put(server, server.conf, _toml(sections))


def write_alone(server: Server) -> Path:
    """The configuration of a server that only this host can reach, while its data is made."""
    path = server.conf.with_suffix(".making")
    _put(server, path, _toml(_fixed(server, server.making, {"bind-address": f"{_LOOPBACK}:0"})))
    return path


def move_snapshots(server: Server) -> None:
    """Choose another port for snapshots, before a start."""
    lines = server.conf.read_text().splitlines(keepends=True)
    mine = next(number for number, line in enumerate(lines) if line.startswith("bind-address"))
    lines[mine] = f"bind-address = {_value(_address())}\n"
    _put(server, server.conf, "".join(lines))


def snapshots(server: Server) -> str:
    """The address at which the server gives snapshots."""
    found = re.search(r'^bind-address = "(.*)"$', server.conf.read_text(), re.MULTILINE)
    if found is None:
        raise BadRequest(f"{server.conf} names no address for snapshots")
    return found[1]


def has_tls(server: Server) -> bool:
    """Whether the configuration has clients come with TLS; it reads the certificate when it starts only."""
    return "https-enabled = true" in server.conf.read_text().splitlines()


def _fixed(server: Server, data: Path, http: dict[str, Any]) -> dict[str, dict[str, Any]]:
    key = bearer.key_file(server.facts).read_text()
    administration = {"unix-socket-enabled": True, "bind-socket": str(server.socket), "shared-secret": key}
    quiet = {"log-enabled": False, "pprof-enabled": False}
    return {
        "": {"reporting-enabled": False, "bind-address": _address()},
        "meta": {"dir": str(data / "meta")},
        "data": {"dir": str(data / "data"), "wal-dir": str(data / "wal"), "query-log-enabled": False},
        "monitor": {"store-enabled": False},
        "http": {"auth-enabled": True, **http, **administration, **quiet},
        "ifql": {"enabled": False},
        "tls": {"min-version": "tls1.2"},
        "logging": {"format": "logfmt"},
    }


def _tls(server: Server) -> dict[str, Any]:
    facts = server.facts
    if not facts.has_certificate:
        return {}
    files_of_tls = {"https-certificate": str(facts.certificate), "https-private-key": str(facts.private_key)}
    return {"https-enabled": True, **files_of_tls}


def _address() -> str:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return f"{_LOOPBACK}:{probe.getsockname()[1]}"


def _toml(sections: dict[str, dict[str, Any]]) -> str:
    lines = []
    for section, values in sorted(sections.items()):  # the one without a name must be the first
        lines += [f"[{section}]\n"] if section else []
        lines += [f"{setting} = {_value(value)}\n" for setting, value in values.items()]
    return "".join(lines)


def _value(value: object) -> str:
    """A value: TOML writes numbers, booleans and texts without control characters as JSON does."""
    return json.dumps(value)


def _put(server: Server, path: Path, document: str) -> None:
    files.write_text(path, document)
    server.facts.give(path)

"""The configuration: "Configuration" in the manual, in TOML.

The service that gives snapshots asks nobody who he is, so it listens on the loopback address only, at a port that is
chosen at each start: hosts of one machine have the same loopback address.
"""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

from datastores.host import bearer
from datastores.host.errors import BadRequest
from datastores.influxdb.engine.node import Node
from datastores.protocol.engine import Settings

_SETTING = re.compile(r"([a-z]+(?:-[a-z]+)*)\.([a-z]+(?:-[a-z]+)*)")
_LOOPBACK = "127.0.0.1"


def write(node: Node, settings: Settings) -> None:
    """Write the configuration. Raises BadRequest for a setting that cannot be written."""
    sections: dict[str, Settings] = {}
    for setting, value in settings.items():
        found = _SETTING.fullmatch(setting)
        if found is None:
            raise BadRequest(f"{setting!r} is not a section and a setting of InfluxDB")
        sections.setdefault(found[1], {})[found[2]] = value
    http = {"bind-address": f"{node.facts.address}:{node.port}", **_tls(node)}
    for section, values in _fixed(node, node.data, http).items():
        sections[section] = {**sections.get(section, {}), **values}
    node.write(node.conf, _toml(sections))


def write_alone(node: Node) -> Path:
    """The configuration of a server that only this host can reach, while its data is made."""
    path = node.conf.with_suffix(".staging")
    node.write(path, _toml(_fixed(node, node.staging, {"bind-address": f"{_LOOPBACK}:0"})))
    return path


def move_snapshots(node: Node) -> None:
    """Choose another port for snapshots, before a start."""
    lines = node.conf.read_text().splitlines(keepends=True)
    mine = next(number for number, line in enumerate(lines) if line.startswith("bind-address"))
    lines[mine] = f"bind-address = {_value(_address())}\n"
    node.write(node.conf, "".join(lines))


def snapshots(node: Node) -> str:
    """The address at which the server gives snapshots."""
    found = re.search(r'^bind-address = "(.*)"$', node.conf.read_text(), re.MULTILINE)
    if found is None:
        raise BadRequest(f"{node.conf} names no address for snapshots")
    return found[1]


def has_tls(node: Node) -> bool:
    """Whether the configuration has clients come with TLS; it reads the certificate when it starts only."""
    return "https-enabled = true" in node.conf.read_text().splitlines()


def _fixed(node: Node, data: Path, http: Settings) -> dict[str, Settings]:
    key = bearer.key_file(node.facts).read_text()
    administration = {"unix-socket-enabled": True, "bind-socket": str(node.socket), "shared-secret": key}
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


def _tls(node: Node) -> Settings:
    facts = node.facts
    if not facts.has_certificate:
        return {}
    files_of_tls = {"https-certificate": str(facts.certificate), "https-private-key": str(facts.private_key)}
    return {"https-enabled": True, **files_of_tls}


def _address() -> str:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return f"{_LOOPBACK}:{probe.getsockname()[1]}"


def _toml(sections: dict[str, Settings]) -> str:
    lines = []
    for section, values in sorted(sections.items()):  # the one without a name must be the first
        lines += [f"[{section}]\n"] if section else []
        lines += [f"{setting} = {_value(value)}\n" for setting, value in values.items()]
    return "".join(lines)


def _value(value: object) -> str:
    """A value: TOML writes numbers, booleans and texts without control characters as JSON does."""
    return json.dumps(value)

"""The configuration: "Configuration options" in the manual, as the file that `--config-file` names (YAML, so JSON)."""

from __future__ import annotations

import json
import re

from datastores.etcd.engine.node import NAME, PEER, Node
from datastores.host import bearer, files
from datastores.host.settings import check_names
from datastores.protocol.engine import Settings
from datastores.protocol.tls import TlsMode

_SETTING = re.compile(r"[a-z]+(-[a-z0-9]+)*")
_QUOTA = "quota-backend-bytes"
_TLS = "client-transport-security"
_QUOTA_OF_VOLUME = 0.6  # what is left is for the write-ahead log and a snapshot
_LOG_IN_LASTS = "5m"  # etcd's own: clients that do not log in anew when a change of the users ends their token do then
_GIB = 1024**3


def write(node: Node, settings: Settings) -> bool:
    """Write the configuration; whether it has changed. Raises BadRequest for a setting that cannot be written."""
    check_names(settings, _SETTING, "an etcd setting")
    before, document = files.read_json(node.conf), {**_limited(node, settings), **_network(node)}
    node.write(node.conf, json.dumps(document, indent=1))
    return document != before


def has_tls(node: Node) -> bool:
    """Whether the configuration has clients come with TLS."""
    return _TLS in (files.read_json(node.conf) or {})


def alone(node: Node) -> Settings:
    """The configuration of a server that only this host's administrator can reach, while its data is made."""
    return {**_local(node), "data-dir": str(node.staging), "advertise-client-urls": node.client_url}


def _limited(node: Node, settings: Settings) -> Settings:
    if _QUOTA not in settings:
        return settings
    most = int(node.facts.volume_gb * _GIB * _QUOTA_OF_VOLUME)
    return {**settings, _QUOTA: min(int(settings[_QUOTA]), most)}


def _network(node: Node) -> Settings:
    facts = node.facts
    url = f"{'https' if facts.has_certificate else 'http'}://{facts.address}:{node.port}"
    document = {**_local(node), "data-dir": str(node.data), "advertise-client-urls": url}
    listening = [node.client_url, url]
    if facts.tls_mode == TlsMode.BASIC:
        listening.append(f"http://{facts.address}:{node.plain_port}")  # 3.4 takes no gRPC where one port has both
    document["listen-client-urls"] = ",".join(listening)
    if facts.has_certificate:
        files_of_tls = {"cert-file": str(facts.certificate), "key-file": str(facts.private_key)}
        document[_TLS] = files_of_tls
    return document


def _local(node: Node) -> Settings:
    return {
        "name": NAME,
        "listen-client-urls": node.client_url,
        "listen-peer-urls": PEER,
        "initial-advertise-peer-urls": PEER,
        "initial-cluster": f"{NAME}={PEER}",
        "auth-token": f"jwt,sign-method=HS256,priv-key={bearer.key_file(node.facts)},ttl={_LOG_IN_LASTS}",
        "enable-grpc-gateway": True,
        "logger": "zap",
        "log-outputs": ["stderr"],
        "log-level": "warn",
    }

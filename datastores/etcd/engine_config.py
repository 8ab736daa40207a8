"""The configuration: "Configuration options" in the manual, as the file that `--config-file` names (YAML, so JSON)."""

from __future__ import annotations

import json
import re
from typing import Any

from datastores.etcd.engine_member import NAME, PEER, Member
from datastores.host import bearer, files
from datastores.host.errors import BadRequest
from datastores.protocol.engine import Settings

_SETTING = re.compile(r"[a-z]+(-[a-z0-9]+)*")
_QUOTA = "quota-backend-bytes"
_TLS = "client-transport-security"
_QUOTA_OF_VOLUME = 0.6  # what is left is for the write-ahead log and a snapshot
_LOG_IN_LASTS = "5m"  # etcd's own: clients that do not log in anew when a change of the users ends their token do then
_GIB = 1024**3


def write(member: Member, settings: Settings) -> bool:
    """Write the configuration; whether it has changed. Raises BadRequest for a setting that cannot be written."""
    for name in settings:
        if not _SETTING.fullmatch(name):
            raise BadRequest(f"{name!r} is not the name of an etcd setting")
    before, document = files.read_json(member.conf), {**_limited(member, settings), **_network(member)}
    files.write_text(member.conf, json.dumps(document, indent=1))
    member.facts.give(member.conf)
    return document != before


def has_tls(member: Member) -> bool:
    """Whether the configuration has clients come with TLS."""
    return _TLS in (files.read_json(member.conf) or {})


def alone(member: Member) -> dict[str, Any]:
    """The configuration of a server that only this host's administrator can reach, while its data is made."""
    return {**_local(member), "data-dir": str(member.making), "advertise-client-urls": member.client_url}


def _limited(member: Member, settings: Settings) -> dict[str, Any]:
    if _QUOTA not in settings:
        return settings
    most = int(member.facts.volume_gb * _GIB * _QUOTA_OF_VOLUME)
    return {**settings, _QUOTA: min(int(settings[_QUOTA]), most)}


def _network(member: Member) -> dict[str, Any]:
    facts = member.facts
    url = f"{'https' if facts.has_certificate else 'http'}://{facts.address}:{member.port}"
    document = {**_local(member), "data-dir": str(member.data), "advertise-client-urls": url}
    document["listen-client-urls"] = f"{member.client_url},{url}"
    if facts.has_certificate:
        files_of_tls = {"cert-file": str(facts.certificate), "key-file": str(facts.private_key)}
        document[_TLS] = files_of_tls
    return document


def _local(member: Member) -> dict[str, Any]:
    return {
        "name": NAME,
        "listen-client-urls": member.client_url,
        "listen-peer-urls": PEER,
        "initial-advertise-peer-urls": PEER,
        "initial-cluster": f"{NAME}={PEER}",
        "auth-token": f"jwt,sign-method=HS256,priv-key={bearer.key_file(member.facts)},ttl={_LOG_IN_LASTS}",
        "enable-grpc-gateway": True,
        "logger": "zap",
        "log-outputs": ["stderr"],
        "log-level": "warn",
    }

"""The certificate with which the database serves TLS: delivered by the control side, never made on the host.

Certificate, key and authority change in one step: each delivery has a directory of its own, and one symbolic link says
which is in force. So an engine that starts after a crash anywhere in between finds a pair.
"""

from __future__ import annotations

import os
import secrets
import ssl
from dataclasses import replace
from pathlib import Path

from datastores.host import files, lifecycle
from datastores.host.engine import Engine
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.roles.server import Server
from datastores.host.roles.tls import Tls
from datastores.protocol.engine import Certificate, EngineReport, Settings, ShownCertificate

_DIRECTORY = "tls"


def deliver(facts: Facts, delivered: Certificate | None) -> None:
    """Put a certificate where `facts` says, for the database's next start; without one, nothing changes."""
    if delivered is None:
        return
    texts = {
        facts.private_key: delivered.private_key,
        facts.authority: delivered.authority,
        facts.client_authority: delivered.client_authority or delivered.authority,
        facts.tls_mode_file: delivered.mode.value,
        facts.certificate: delivered.certificate,  # the last one: its presence says that there is TLS
    }
    made = _directory(facts, {path.name: text for path, text in texts.items()})
    _link(facts.conf / _DIRECTORY, made.name)
    for path in texts:
        _link(path, f"{_DIRECTORY}/{path.name}")
    for old in set(facts.conf.glob(f"{_DIRECTORY}.*")) - {made}:
        files.remove_tree(old)


def report(
    engine: Engine,
    delivered: Certificate | None,
    version: str | None = None,
    restart_required: bool | None = None,
) -> EngineReport:
    """What work that has delivered a certificate and started the database says of it."""
    role = Tls.find(engine)
    tls = role is not None and role.served() if delivered else None
    expires = delivered.expires if delivered and tls else None
    return EngineReport(version, restart_required, tls, expires)


def renew(engine: Engine, delivered: Certificate | None) -> EngineReport:
    """Deliver to a database as it is, without a restart, and say whether it uses the certificate or needs one."""
    deliver(engine.facts, delivered)
    role = Tls.find(engine)
    if delivered is None or role is None or not Server.of(engine).running() or not role.served():
        return EngineReport()
    return report(engine, delivered) if role.reload() else EngineReport(restart_required=True)


def change(engine: Engine, delivered: Certificate, settings: Settings) -> EngineReport:
    """Have the database use a certificate and its mode, and say whether it needs a restart for that.

    Raises BadRequest when the host's OpenSSL does not take the certificate; then all is as it was.
    """
    role, server = Tls.of(engine), Server.of(engine)
    _try(engine, delivered)
    deliver(engine.facts, delivered)
    server.configure(settings)
    waits = server.running() and not role.reload()
    found = report(engine, delivered)
    return replace(found, restart_required=waits or lifecycle.restart_required(engine))


def shown(facts: Facts) -> ShownCertificate:
    """The certificate that is there for the database."""
    return ShownCertificate(facts.certificate.read_text() if facts.has_certificate else "")


def _try(engine: Engine, delivered: Certificate) -> None:
    """Load certificate and key as a server does. Raises BadRequest."""
    with engine.node.temporary("tls") as directory:
        certificate, key = directory / "server.crt", directory / "server.key"
        files.write_text(certificate, delivered.certificate)
        files.write_text(key, delivered.private_key)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        except ssl.SSLError as error:
            raise BadRequest(f"the certificate cannot be used: {error.reason or error}") from error


def _directory(facts: Facts, texts: dict[str, str]) -> Path:
    made = facts.conf / f"{_DIRECTORY}.{secrets.token_hex(8)}"
    made.mkdir(mode=0o700)
    facts.chown(made)
    for name, text in texts.items():
        files.write_text(made / name, text)
        facts.chown(made / name)
    return made


def _link(link: Path, target: str) -> None:
    """Make a symbolic link, in place of whatever file has its name."""
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)

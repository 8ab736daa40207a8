"""The certificate with which the database serves TLS: delivered by the control side, never made on the host.

Certificate, key and authority change in one step: each delivery has a directory of its own, and one symbolic link says
which is in force. So an engine that starts after a crash anywhere in between finds a pair.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from datastores.host import files
from datastores.host.engine import Engine
from datastores.host.facts import Facts
from datastores.protocol.engine import Certificate, EngineReport

_DIRECTORY = "tls"


def deliver(engine: Engine, delivered: Certificate | None) -> None:
    """Put a certificate where `facts` says, for the database's next start; without one, nothing changes."""
    if delivered is None:
        return
    facts = engine.facts
    texts = {
        facts.private_key: delivered.private_key,
        facts.authority: delivered.authority,
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
    tls = engine.tls() if delivered else None
    expires = delivered.expires if delivered and tls else None
    return EngineReport(version, restart_required, tls, expires)


def renew(engine: Engine, delivered: Certificate | None) -> EngineReport:
    """Deliver to a database as it is, without a restart, and say whether it uses the certificate or needs one."""
    deliver(engine, delivered)
    if delivered is None or not engine.running() or not engine.tls():
        return EngineReport()
    return report(engine, delivered) if engine.reload_certificate() else EngineReport(restart_required=True)


def _directory(facts: Facts, texts: dict[str, str]) -> Path:
    made = facts.conf / f"{_DIRECTORY}.{secrets.token_hex(8)}"
    made.mkdir(mode=0o700)
    facts.give(made)
    for name, text in texts.items():
        files.write_text(made / name, text)
        facts.give(made / name)
    return made


def _link(link: Path, target: str) -> None:
    """Make a symbolic link, in place of whatever file has its name."""
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)

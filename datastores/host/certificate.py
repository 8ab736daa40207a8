"""The certificate with which the database serves TLS: delivered by the control side, never made on the host.

Certificate, key and authority change in one step: each delivery has a directory of its own, and one symbolic link says
which is in force. So an engine that starts after a crash anywhere in between finds a pair.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from datastores.host import arguments as fields
from datastores.host import files
from datastores.host.engine import Engine
from datastores.host.facts import Facts

_DIRECTORY = "tls"


def deliver(engine: Engine, arguments: dict[str, Any]) -> None:
    """Put the argument `tls` where `facts` says, for the database's next start; without one, nothing changes."""
    delivery = fields.delivery(arguments)
    if delivery is None:
        return
    facts = engine.facts
    texts = {
        facts.private_key: delivery.private_key,
        facts.authority: delivery.authority,
        facts.certificate: delivery.certificate,  # the last one: its presence says that there is TLS
    }
    made = _directory(facts, {path.name: text for path, text in texts.items()})
    _link(facts.conf / _DIRECTORY, made.name)
    for path in texts:
        _link(path, f"{_DIRECTORY}/{path.name}")
    for old in set(facts.conf.glob(f"{_DIRECTORY}.*")) - {made}:
        files.remove_tree(old)


def report(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """What a job that has delivered and started says: {"certificate_expires": ISO time, null without TLS}."""
    delivery = fields.delivery(arguments)
    if delivery is None:
        return {}
    return {"certificate_expires": delivery.expires if engine.tls() else None}


def renew(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """Deliver to a database as it is, without a restart; as `report`, or {"restart_required": true}."""
    deliver(engine, arguments)
    if not engine.running() or not engine.tls():
        return {}
    return report(engine, arguments) if engine.reload_certificate() else {"restart_required": True}


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

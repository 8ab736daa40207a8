"""The configuration of this host: settings, who may connect, who is the superuser."""

from __future__ import annotations

import re
from pathlib import Path

from datastores.host.settings import check_names
from datastores.postgresql.engine import access, group
from datastores.postgresql.engine.group import value
from datastores.postgresql.engine.node import SUPERUSER, Node
from datastores.protocol.engine import Settings
from datastores.protocol.tls import TlsMode

_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
ALTER_SYSTEM_SINCE = 17
"""The major version from which ALTER SYSTEM can be refused; before, what it writes is dropped at start and reload."""
_SUMMARIES_KEPT = "35d"  # so that an incremental backup can build on one of a month ago


def write(node: Node, settings: Settings) -> None:
    """Write host.conf, pg_hba.conf and pg_ident.conf, and have the data, where it is, read host.conf.

    Raises BadRequest for a setting that cannot be written.
    """
    conf = node.facts.conf
    texts = {
        node.host_conf.path: host_conf(node, settings),
        conf / "pg_hba.conf": access.rules(node, tls=group.has_tls(node)),
        conf / "pg_ident.conf": "".join(f'trove "{node.facts.engine_user}" {role}\n' for role in (SUPERUSER, "root")),
    }
    group.write_conf(node)
    of_data = node.data / "postgresql.conf"
    if node.data.exists() and node.include not in (said := _said(of_data)):
        texts[of_data] = f"{said}\n{node.include}"
    for path, text in texts.items():
        node.write(path, text)


def _said(conf: Path) -> str:
    return conf.read_text(encoding="utf-8", errors="replace") if conf.exists() else ""


def host_conf(node: Node, settings: Settings) -> str:
    """The text of host.conf. Raises BadRequest for a setting that cannot be written."""
    check_names(settings, _NAME, "a PostgreSQL setting")
    asked = [f"{name} = {value(setting)}\n" for name, setting in sorted(settings.items())]
    fixed = [f"{name} = {value(setting)}\n" for name, setting in _fixed(node).items()]
    included = [f"include_if_exists '{path.name}'\n" for path in (node.group_conf, node.floors_conf)]
    return "".join([*asked, "# what follows is not for the tenant to change\n", *fixed, *included])


def _fixed(node: Node) -> Settings:
    facts = node.facts
    fixed: Settings = {
        "listen_addresses": facts.address,
        "port": node.port,
        "unix_socket_directories": facts.run,
        "hba_file": facts.conf / "pg_hba.conf",
        "ident_file": facts.conf / "pg_ident.conf",
        "password_encryption": "scram-sha-256",
        "logging_collector": True,
        "log_directory": facts.log,
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": True,
        "log_rotation_age": "1d",
        "log_rotation_size": 0,
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "wal_level": "replica",
        "archive_mode": True,  # changing it needs a restart; archiving itself is switched on by its command
        "archive_command": "true",
    }
    if node.summarizes_log:
        fixed |= {"summarize_wal": True, "wal_summary_keep_time": _SUMMARIES_KEPT}
    if node.major >= ALTER_SYSTEM_SINCE:
        fixed |= {"allow_alter_system": False}
    if group.has_tls(node):
        fixed |= {"ssl": True, "ssl_cert_file": facts.certificate, "ssl_key_file": facts.private_key}
        if facts.tls_mode == TlsMode.MTLS:
            fixed |= {"ssl_ca_file": facts.client_authority}
    return fixed

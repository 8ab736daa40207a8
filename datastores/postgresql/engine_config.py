"""The configuration of this host: settings, who may connect, who is the superuser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.errors import BadRequest
from datastores.postgresql import engine_access
from datastores.postgresql.engine_cluster import SUPERUSER, Cluster
from datastores.protocol.engine import Settings

_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
SUMMARIZE_WAL_SINCE = 17
ALTER_SYSTEM_SINCE = 17
"""The major version from which ALTER SYSTEM can be refused; before, what it writes is dropped at start and reload."""
_SUMMARIES_KEPT = "35d"  # so that an incremental backup can build on one of a month ago


def write(cluster: Cluster, settings: Settings) -> None:
    """Write host.conf, pg_hba.conf and pg_ident.conf, and have the data, where it is, read host.conf.

    Raises BadRequest for a setting that cannot be written.
    """
    conf = cluster.facts.conf
    texts = {
        cluster.host_conf: host_conf(cluster, settings),
        conf / "pg_hba.conf": engine_access.rules(cluster, tls=_has_tls(cluster)),
        conf / "pg_ident.conf": "".join(
            f'trove "{cluster.facts.engine_user}" {role}\n' for role in (SUPERUSER, "root")
        ),
    }
    of_data = cluster.data / "postgresql.conf"
    if cluster.data.exists() and cluster.include not in (said := _said(of_data)):
        texts[of_data] = f"{said}\n{cluster.include}"
    for path, text in texts.items():
        files.write_text(path, text)
        cluster.facts.give(path)


def _said(conf: Path) -> str:
    return conf.read_text(encoding="utf-8", errors="replace") if conf.exists() else ""


def value(setting: object) -> str:
    """A setting's value as postgresql.conf writes it. Raises BadRequest for a line break."""
    text = ("on" if setting else "off") if isinstance(setting, bool) else str(setting)
    if any(character in text for character in "\n\r\0"):
        raise BadRequest("a setting's value must be one line")
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def host_conf(cluster: Cluster, settings: Settings) -> str:
    """The text of host.conf. Raises BadRequest for a setting that cannot be written."""
    for name in settings:
        if not _NAME.fullmatch(name):
            raise BadRequest(f"{name!r} is not the name of a PostgreSQL setting")
    asked = [f"{name} = {value(setting)}\n" for name, setting in sorted(settings.items())]
    fixed = [f"{name} = {value(setting)}\n" for name, setting in _fixed(cluster).items()]
    floors = f"include_if_exists '{cluster.floors_conf.name}'\n"
    return "".join([*asked, "# what follows is not for the tenant to change\n", *fixed, floors])


def _fixed(cluster: Cluster) -> dict[str, Any]:
    facts = cluster.facts
    fixed: dict[str, Any] = {
        "listen_addresses": facts.address,
        "port": cluster.port,
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
    if cluster.major >= SUMMARIZE_WAL_SINCE:
        fixed |= {"summarize_wal": True, "wal_summary_keep_time": _SUMMARIES_KEPT}
    if cluster.major >= ALTER_SYSTEM_SINCE:
        fixed |= {"allow_alter_system": False}
    if _has_tls(cluster):
        fixed |= {"ssl": True, "ssl_cert_file": facts.certificate, "ssl_key_file": facts.private_key}
    return fixed


def _has_tls(cluster: Cluster) -> bool:
    """Whether this host has a certificate for the server and a build that can use it."""
    if not cluster.facts.has_certificate:
        return False
    built = cluster.programs.run([cluster.bin / "pg_config", "--configure"])
    return "--with-ssl" in built or "--with-openssl" in built

"""The option file of this host, and the statements of every start."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from datastores.host import process
from datastores.host.settings import check_names, one_line
from datastores.mysql.engine.node import Node
from datastores.mysql.engine.sql import Statement
from datastores.protocol.engine import Settings
from datastores.protocol.tls import TlsMode

OPTIONS = {"time_zone": "default_time_zone", "tx_isolation": "transaction_isolation"}
"""System variables whose option has another name."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Binary logs are kept for replicas that were away for a moment, and do not take the volume.
_BINARY_LOGS_KEPT = 3600
_BINARY_LOG_BYTES = 128 << 20


def write(node: Node, settings: Settings) -> None:
    """Write the files for these settings. Raises BadRequest for one that cannot be written."""
    text = option_file(node, settings)
    for directory in (node.scratch, _no_files(node), _no_plugins(node)):
        directory.mkdir(mode=0o700, exist_ok=True)
        node.facts.chown(directory)
    node.write(node.init_file, init_file(node))
    node.write(node.option_file, text)
    node.keep("current", settings)


def option_file(node: Node, settings: Settings) -> str:
    """The text of my.cnf: what is asked for, then what is not for the tenant to change. Raises BadRequest."""
    check_names(settings, _NAME, f"a {node.product.label} setting")
    asked = {OPTIONS.get(name, name): value for name, value in sorted(settings.items())}
    client = {"socket": node.socket, "user": node.facts.engine_user}
    return f"[mysqld]\n{_lines(asked)}{_lines(_fixed(node))}[client]\n{_lines(client)}"


def init_file(node: Node) -> str:
    """The administrator, known by its OS user: made if it is not there (data of another host), and made whole.

    The manual's "init_file" wants a statement a line. Nothing of it reaches replicas.
    """
    account = f"{_literal(node.facts.engine_user)}@'localhost'"
    identity = node.product.socket_identity()
    lines = [
        "SET SESSION sql_log_bin = 0",
        f"CREATE USER IF NOT EXISTS {account} {identity}",
        f"ALTER USER {account} {identity} ACCOUNT UNLOCK",
        f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION",
    ]
    lines += node.product.init_statements
    if node.facts.engine_user != "root":
        lines.append("DROP USER IF EXISTS 'root'@'localhost'")
    return "".join(f"{line};\n" for line in lines)


def value(setting: object) -> str:
    """A setting's value as an option file has it. Raises BadRequest for a line break.

    "Using Option Files" in the manual: quoted, `#` begins no comment; a backslash escapes.
    """
    return '"' + one_line(setting, true="ON", false="OFF").replace("\\", "\\\\").replace('"', '\\"') + '"'


def assignment(name: str, setting: object) -> Statement:
    """The statement that makes a running server use a setting."""
    if isinstance(setting, (bool, int, float)):
        return Statement(f"SET GLOBAL {name} = {setting!r}".replace("True", "1").replace("False", "0"))
    return Statement(f"SET GLOBAL {name} = {{value}}", {"value": str(setting)})


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _lines(options: Settings) -> str:
    return "".join(f"{name} = {value(setting)}\n" for name, setting in options.items())


def _fixed(node: Node) -> Settings:
    facts = node.facts
    fixed: Settings = {
        "basedir": node.bin,
        "datadir": node.data,
        "tmpdir": node.scratch,
        "socket": node.socket,
        "pid_file": node.pid_file,
        "bind_address": facts.address,
        "port": node.port,
        "skip_name_resolve": True,
        "init_file": node.init_file,
        "log_error": facts.log / "error.log",
        "general_log_file": facts.log / "general.log",
        "slow_query_log_file": facts.log / "slow_query.log",
        "log_output": "FILE",
        "server_id": zlib.crc32(facts.host_id.encode()) or 1,
        "log_bin": "binlog",
        "binlog_expire_logs_seconds": _BINARY_LOGS_KEPT,
        "max_binlog_size": _BINARY_LOG_BYTES,
        "sync_binlog": 1,
        "innodb_flush_log_at_trx_commit": 1,
        "innodb_file_per_table": True,
        "local_infile": False,
        "open_files_limit": process.FILES,
        "secure_file_priv": _no_files(node),
        **node.product.options(node),
    }
    if not node.product.own_plugins:
        fixed["plugin_dir"] = _no_plugins(node)
    if facts.has_certificate:
        fixed |= {
            "ssl_cert": facts.certificate,
            "ssl_key": facts.private_key,
            "tls_version": "TLSv1.2,TLSv1.3",
            "require_secure_transport": facts.tls_mode != TlsMode.BASIC,
        }
        if facts.client_authority.exists():  # in every mode, since MariaDB reads the option at its start only
            fixed |= {"ssl_ca": facts.client_authority}
    return fixed


def _no_files(node: Node) -> Path:
    """The only place for files of statements: nobody puts any there."""
    return node.facts.run / "files"


def _no_plugins(node: Node) -> Path:
    """Where the server looks for code to load: there is none."""
    return node.facts.run / "plugins"

"""The option file of this host, and the statements of every start."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any

from datastores.host import process
from datastores.host.errors import BadRequest
from datastores.mysql.engine_server import Server
from datastores.mysql.engine_sql import Statement
from datastores.protocol.engine import Settings

OPTIONS = {"time_zone": "default_time_zone", "tx_isolation": "transaction_isolation"}
"""System variables whose option has another name."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Binary logs are kept for replicas that were away for a moment, and do not take the volume.
_BINARY_LOGS_KEPT = 3600
_BINARY_LOG_BYTES = 128 << 20


def write(server: Server, settings: Settings) -> None:
    """Write the files for these settings. Raises BadRequest for one that cannot be written."""
    text = option_file(server, settings)
    for directory in (server.scratch, _no_files(server), _no_plugins(server)):
        directory.mkdir(mode=0o700, exist_ok=True)
        server.facts.give(directory)
    server.write(server.init_file, init_file(server))
    server.write(server.option_file, text)
    server.keep("current", settings)


def option_file(server: Server, settings: Settings) -> str:
    """The text of my.cnf: what is asked for, then what is not for the tenant to change. Raises BadRequest."""
    for name in settings:
        if not _NAME.fullmatch(name):
            raise BadRequest(f"{name!r} is not the name of a {server.product.label} setting")
    asked = {OPTIONS.get(name, name): value for name, value in sorted(settings.items())}
    client = {"socket": server.socket, "user": server.facts.engine_user}
    return f"[mysqld]\n{_lines(asked)}{_lines(_fixed(server))}[client]\n{_lines(client)}"


def init_file(server: Server) -> str:
    """The administrator, known by its OS user: made if it is not there (data of another host), and made whole.

    The manual's "init_file" wants a statement a line. Nothing of it reaches replicas.
    """
    account = f"{_literal(server.facts.engine_user)}@'localhost'"
    identity = server.product.socket_identity()
    lines = [
        "SET SESSION sql_log_bin = 0",
        f"CREATE USER IF NOT EXISTS {account} {identity}",
        f"ALTER USER {account} {identity} ACCOUNT UNLOCK",
        f"GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION",
    ]
    lines += server.product.init_statements
    if server.facts.engine_user != "root":
        lines.append("DROP USER IF EXISTS 'root'@'localhost'")
    return "".join(f"{line};\n" for line in lines)


def value(setting: object) -> str:
    """A setting's value as an option file has it. Raises BadRequest for a line break.

    "Using Option Files" in the manual: quoted, `#` begins no comment; a backslash escapes.
    """
    text = ("ON" if setting else "OFF") if isinstance(setting, bool) else str(setting)
    if any(character in text for character in "\n\r\0"):
        raise BadRequest("a setting's value must be one line")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def assignment(name: str, setting: object) -> Statement:
    """The statement that makes a running server use a setting."""
    if isinstance(setting, (bool, int, float)):
        return Statement(f"SET GLOBAL {name} = {setting!r}".replace("True", "1").replace("False", "0"))
    return Statement(f"SET GLOBAL {name} = {{value}}", {"value": str(setting)})


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _lines(options: dict[str, Any]) -> str:
    return "".join(f"{name} = {value(setting)}\n" for name, setting in options.items())


def _fixed(server: Server) -> dict[str, Any]:
    facts = server.facts
    fixed: dict[str, Any] = {
        "basedir": server.home,
        "datadir": server.data,
        "tmpdir": server.scratch,
        "socket": server.socket,
        "pid_file": server.pid_file,
        "bind_address": facts.address,
        "port": server.port,
        "skip_name_resolve": True,
        "init_file": server.init_file,
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
        "secure_file_priv": _no_files(server),
        **server.product.options(server),
    }
    if not server.product.own_plugins:
        fixed["plugin_dir"] = _no_plugins(server)
    if facts.has_certificate:
        fixed |= {
            "ssl_cert": facts.certificate,
            "ssl_key": facts.private_key,
            "tls_version": "TLSv1.2,TLSv1.3",
            "require_secure_transport": True,
        }
    return fixed


def _no_files(server: Server) -> Path:
    """The only place for files of statements: nobody puts any there."""
    return server.facts.run / "files"


def _no_plugins(server: Server) -> Path:
    """Where the server looks for code to load: there is none."""
    return server.facts.run / "plugins"

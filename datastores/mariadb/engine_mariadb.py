"""What MariaDB does in its own way (10.11 and later)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from datastores.mysql.engine_product import Product
from datastores.mysql.engine_server import LOCK_SECONDS, Server
from datastores.mysql.engine_sql import Statement


class MariaDB(Product):
    """MariaDB Server with mariadb-backup."""

    label = "MariaDB"
    server = "sbin/mariadbd"
    client = "bin/mariadb"
    backup = "bin/mariadb-backup"
    unpack = "bin/mbstream"
    others = ("bin/mariadb-install-db", "bin/mariadb-upgrade", "bin/my_print_defaults", "bin/mariadb-check")
    backup_format = "mbstream"
    own_plugins = False
    session = ("SET SESSION max_statement_time = 0", "SET SESSION slow_query_log = 0")
    reload_tls = "FLUSH LOCAL SSL"
    upgrade_info = "m*_upgrade_info"
    user_table = "mysql.global_priv"  # mysql.user is a view, which `mariadb.sys` must be there for
    init_statements = (
        "CREATE USER IF NOT EXISTS 'mariadb.sys'@'localhost' ACCOUNT LOCK PASSWORD EXPIRE",
        "GRANT SELECT, DELETE ON mysql.global_priv TO 'mariadb.sys'@'localhost'",
    )
    backup_options = (f"--ftwrl-wait-timeout={LOCK_SECONDS}",)
    # All of "GRANT" in the manual but BINLOG ADMIN and REPLAY, CONNECTION ADMIN, CREATE TABLESPACE, FEDERATED ADMIN,
    # FILE, READ_ONLY ADMIN, REPLICATION MASTER and SLAVE ADMIN, SET USER, SHUTDOWN, SUPER.
    root_privileges = (
        "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "RELOAD", "PROCESS", "REFERENCES", "INDEX", "ALTER",
        "SHOW DATABASES", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE", "REPLICATION SLAVE", "BINLOG MONITOR",
        "SLAVE MONITOR", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "CREATE USER", "EVENT",
        "TRIGGER", "DELETE HISTORY",
    )  # fmt: skip

    def make_data(self, server: Server, directory: Path) -> list[str | Path]:
        return [
            server.program("bin/mariadb-install-db"), "--no-defaults", f"--basedir={server.home}",
            f"--datadir={directory}", "--auth-root-authentication-method=socket",
            f"--auth-root-socket-user={server.facts.engine_user}", "--skip-test-db", "--skip-name-resolve",
        ]  # fmt: skip

    def trial(self, server: Server, file: Path) -> list[str | Path]:
        return [server.program(self.server), f"--defaults-file={file}", "--verbose", "--help"]

    def socket_identity(self) -> str:
        return "IDENTIFIED VIA unix_socket"

    def identify(self, password: str) -> Statement:
        """By the password's hash, since MariaDB writes the statement to its binary log as it is."""
        return Statement("IDENTIFIED VIA mysql_native_password USING {verifier}", {"verifier": verifier(password)})

    def options(self, server: Server) -> dict[str, Any]:
        return {"gtid_strict_mode": True, "binlog_format": "ROW", "symbolic_links": False, "log_warnings": 2}

    def upgrade(self, server: Server) -> list[str | Path]:
        return [server.program("bin/mariadb-upgrade"), f"--defaults-file={server.option_file}"]


def verifier(password: str) -> str:
    """What mysql_native_password keeps of a password: SHA-1 of its SHA-1 ("mysql_native_password" in the manual)."""
    once = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the plugin's own
    return f"*{hashlib.sha1(once).hexdigest().upper()}"  # noqa: S324 - the plugin's own

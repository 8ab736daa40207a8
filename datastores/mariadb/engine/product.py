"""What MariaDB does in its own way (10.11 and later)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from datastores.mariadb.engine import group
from datastores.mysql.engine.family import Product
from datastores.mysql.engine.node import LOCK_SECONDS, Node
from datastores.mysql.engine.sql import Statement
from datastores.protocol.engine import Settings


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
    wants_certificate = "COALESCE(JSON_VALUE(Priv, '$.ssl_type'), 0) = 2"  # SSL_TYPE_X509 in sql/structs.h
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

    def make_data(self, node: Node, directory: Path) -> list[str | Path]:
        return [
            node.bin / "bin/mariadb-install-db", "--no-defaults", f"--basedir={node.bin}",
            f"--datadir={directory}", "--auth-root-authentication-method=socket",
            f"--auth-root-socket-user={node.facts.engine_user}", "--skip-test-db", "--skip-name-resolve",
        ]  # fmt: skip

    def trial(self, node: Node, file: Path) -> list[str | Path]:
        return [node.bin / self.server, f"--defaults-file={file}", "--verbose", "--help"]

    def socket_identity(self) -> str:
        return "IDENTIFIED VIA unix_socket"

    def identify(self, password: str) -> Statement:
        """By the password's hash, since MariaDB writes the statement to its binary log as it is."""
        return Statement("IDENTIFIED VIA mysql_native_password USING {verifier}", {"verifier": verifier(password)})

    def options(self, node: Node) -> Settings:
        return {
            "gtid_strict_mode": True,
            "binlog_format": "ROW",
            "symbolic_links": False,
            "log_warnings": 2,
        } | group.options(node)

    def upgrade(self, node: Node) -> list[str | Path]:
        return [node.bin / "bin/mariadb-upgrade", f"--defaults-file={node.option_file}"]


PRODUCT = MariaDB()


def verifier(password: str) -> str:
    """What mysql_native_password keeps of a password: SHA-1 of its SHA-1 ("mysql_native_password" in the manual)."""
    once = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the plugin's own
    return f"*{hashlib.sha1(once).hexdigest().upper()}"  # noqa: S324 - the plugin's own

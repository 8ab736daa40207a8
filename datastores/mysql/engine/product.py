"""What MySQL does in its own way (8.0 and 8.4), and Percona Server, which is built from it.

Written from the manuals ("MySQL 8.4 Reference Manual", "Percona XtraBackup 8.0"); not run on a real server.
"""

from __future__ import annotations

from pathlib import Path

from datastores.mysql.engine.family import Product
from datastores.mysql.engine.node import Node
from datastores.mysql.engine.sql import Statement
from datastores.protocol.engine import Settings


class MySQL(Product):
    """MySQL Server with Percona XtraBackup."""

    label = "MySQL"
    server = "sbin/mysqld"
    client = "bin/mysql"
    backup = "bin/xtrabackup"
    unpack = "bin/xbstream"
    backup_format = "xbstream"
    own_plugins = True
    session = ("SET SESSION max_execution_time = 0", "SET SESSION long_query_time = 31536000")
    reload_tls = "ALTER INSTANCE RELOAD TLS"
    # All of "Privileges Provided by MySQL" but the static ones CREATE TABLESPACE, FILE, SHUTDOWN and SUPER; of the
    # dynamic ones those about roles, killing sessions and monitoring. Without SYSTEM_USER, the service's account is
    # out of reach.
    root_privileges = (
        "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "RELOAD", "PROCESS", "REFERENCES", "INDEX", "ALTER",
        "SHOW DATABASES", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE", "REPLICATION SLAVE",
        "REPLICATION CLIENT", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "CREATE USER", "EVENT",
        "TRIGGER", "CREATE ROLE", "DROP ROLE", "ROLE_ADMIN", "CONNECTION_ADMIN", "XA_RECOVER_ADMIN", "SHOW_ROUTINE",
    )  # fmt: skip

    def make_data(self, node: Node, directory: Path) -> list[str | Path]:
        """ "Initializing the Data Directory": root@localhost has no password, until the first start deletes it."""
        return [
            node.bin / self.server, "--no-defaults", "--initialize-insecure", f"--basedir={node.bin}",
            f"--datadir={directory}",
        ]  # fmt: skip

    def trial(self, node: Node, file: Path) -> list[str | Path]:
        return [node.bin / self.server, f"--defaults-file={file}", "--log-error=stderr", "--validate-config"]

    def socket_identity(self) -> str:
        return "IDENTIFIED WITH auth_socket"

    def identify(self, password: str) -> Statement:
        """By the password: MySQL writes the hash in its place to its logs ("Password Management")."""
        return Statement("IDENTIFIED WITH caching_sha2_password BY {password}", {"password": password})

    def options(self, node: Node) -> Settings:
        """`auth_socket` is a plugin of the package's; without it nobody could administer, so the server must not start.

        The X protocol would listen on a port of its own. Persisted variables would outlive the option file.
        """
        return {
            "plugin_load_add": "auth_socket.so",
            "gtid_mode": "ON",
            "enforce_gtid_consistency": "ON",
            "mysqlx": False,
            "persisted_globals_load": False,
        }

    def prepare_options(self, *, is_last: bool) -> list[str]:
        """ "Prepare incremental backup": the log is rolled back only after the last link."""
        return [] if is_last else ["--apply-log-only"]


PRODUCT = MySQL()

"""Writes `parameters-<version>.json`: what a tenant may set, from information_schema of a running server.

`python -m datastores.mariadb.make_parameters MARIADB [OPTION...]` asks through the client program MARIADB. Left out is
what the service owns: what it sets itself, what its backups and replication rest on, what names files, programs or
libraries, what would keep it from administering the server, and what only a session sets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from datastores.parameters import Entry

OWNED_PREFIXES = (
    "aria_log", "binlog_", "debug_", "deadlock_", "gtid_", "performance_schema_", "proxy_", "relay_", "replicate_",
    "report_", "rpl_", "secure_", "skip_", "slave_", "ssl_", "sync_", "tls_", "wsrep_",
)  # fmt: skip
OWNED = {
    "where things are": (
        "basedir character_sets_dir datadir general_log_file ignore_db_dirs innodb_buffer_pool_filename "
        "innodb_data_file_path innodb_data_home_dir innodb_log_group_home_dir innodb_temp_data_file_path innodb_tmpdir "
        "innodb_undo_directory lc_messages_dir log_error log_slow_query_file pid_file plugin_dir slow_query_log_file "
        "socket tmpdir"
    ),
    "where the server is reached, and by whom": (
        "bind_address extra_max_connections extra_port host_cache_size old_passwords port require_secure_transport "
        "strict_password_validation max_password_errors default_password_lifetime disconnect_on_expired_password"
    ),
    "what code and statements the server runs": (
        "allow_suspicious_udfs ft_stopword_file init_file init_slave plugin_maturity local_infile"
    ),
    "what backups and replication rest on": (
        "encrypt_binlog expire_logs_days innodb_checksum_algorithm innodb_doublewrite innodb_encrypt_log "
        "innodb_encrypt_tables innodb_encrypt_temporary_tables innodb_flush_log_at_trx_commit "
        "innodb_immediate_scrub_data_uncompressed innodb_undo_tablespaces log_bin_compress log_bin_compress_min_len "
        "log_slave_updates log_tc_size master_verify_checksum max_binlog_size max_relay_log_size "
        "read_binlog_speed_limit innodb_file_per_table innodb_log_checkpoint_now innodb_page_size innodb_fast_shutdown"
    ),
    "which logs are written, which the API's logs switch": (
        "general_log log_disabled_statements log_output log_slow_query log_slow_query_time log_warnings slow_query_log"
    ),
    "how the server fits into its host": (
        "core_file flush innodb_flush_method innodb_linux_aio innodb_log_file_mmap innodb_numa_interleave "
        "innodb_use_atomic_writes innodb_use_native_aio large_pages open_files_limit thread_handling aria_block_size "
        "aria_sync_log_dir innodb_buffer_pool_in_core_dump innodb_buffer_pool_size_max innodb_buffer_pool_chunk_size "
        "myisam_block_size innodb_fatal_semaphore_wait_threshold"
    ),
    "what could lock the service or the tenant out": (
        "aria_force_start_after_recovery_failures ignore_builtin_innodb innodb_force_primary_key innodb_force_recovery "
        "innodb_read_only innodb_read_only_compressed lower_case_table_names old_mode old read_only server_id "
        "thread_stack"
    ),
    "switches that act once, or show and change nothing": (
        "innodb_buffer_pool_dump_now innodb_buffer_pool_load_abort innodb_buffer_pool_load_now innodb_ft_aux_table "
        "innodb_monitor_disable innodb_monitor_enable innodb_monitor_reset innodb_monitor_reset_all "
        "innodb_optimize_fulltext_only date_format datetime_format time_format encrypt_tmp_disk_tables "
        "encrypt_tmp_files aria_encrypt_tables innodb_encryption_rotate_key_age innodb_encryption_rotation_iops "
        "innodb_encryption_threads innodb_default_encryption_key_id keep_files_on_create innodb_max_purge_lag_wait"
    ),
}
WITHOUT_ARGUMENT = frozenset({"character_set_server", "collation_server", "time_zone", "tx_isolation"})
"""Variables that an option sets, though the server does not say so."""
TYPES = {"BOOLEAN": "boolean", "DOUBLE": "float", "ENUM": "string", "SET": "string", "FLAGSET": "string"}
PATTERNS = {
    "time_zone": "SYSTEM|[+-][0-9]{2}:[0-9]{2}",
    "SET": "[A-Za-z0-9_]*(,[A-Za-z0-9_]+)*",
    "FLAGSET": "[a-z_]+=(on|off|default)(,[a-z_]+=(on|off|default))*",
}
"""Rules of ours for texts, by a variable's name or else its type."""
LEAST = {"max_connections": 20, "connect_timeout": 5, "max_allowed_packet": 65536}
"""Least values of ours: with less the service could not do its work."""
QUERY = """
SELECT JSON_OBJECT('name', LOWER(VARIABLE_NAME), 'type', VARIABLE_TYPE, 'comment', VARIABLE_COMMENT,
       'min', NUMERIC_MIN_VALUE, 'max', NUMERIC_MAX_VALUE, 'values', ENUM_VALUE_LIST, 'read_only', READ_ONLY,
       'argument', COMMAND_LINE_ARGUMENT, 'scope', VARIABLE_SCOPE)
  FROM information_schema.SYSTEM_VARIABLES ORDER BY VARIABLE_NAME
"""


def parameters(variables: Sequence[Entry]) -> list[Entry]:
    """The tunable ones among the server's variables, as the catalog describes parameters."""
    owned = {name for names in OWNED.values() for name in names.split()}
    return [
        _parameter(row)
        for row in variables
        if row["name"] not in owned and not row["name"].startswith(OWNED_PREFIXES) and _is_option(row)
    ]


def _is_option(row: Entry) -> bool:
    return row["scope"] != "SESSION ONLY" and (row["argument"] is not None or row["name"] in WITHOUT_ARGUMENT)


def _parameter(row: Entry) -> Entry:
    kind = "string" if row["type"] == "VARCHAR" else TYPES.get(row["type"], "integer")
    number = {"integer": int, "float": float}.get(kind)
    least = number and max(number(row["min"]), LEAST.get(row["name"], number(row["min"])))
    found = {
        "name": row["name"],
        "type": kind,
        "restart_required": row["read_only"] == "YES",
        "description": row["comment"],
        "min": least,
        "max": number and number(row["max"]),
        "choices": row["values"].split(",") if row["type"] == "ENUM" and row["values"] else None,
        "pattern": PATTERNS.get(row["name"], PATTERNS.get(row["type"])),
    }
    return {name: value for name, value in found.items() if value is not None}


def variables(command: Sequence[str | Path]) -> list[Entry]:
    """The server's variables, asked through a client's command."""
    return [json.loads(line) for line in _ask(command, "--raw", QUERY).splitlines()]


def _ask(command: Sequence[str | Path], *words: str) -> str:
    """What the server answers; a client that was unpacked below a directory finds the libraries unpacked with it."""
    client = next(Path(word) for word in command if Path(word).name == "mariadb")
    libraries = client.parent.parent.glob("lib/*-linux-gnu")
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(str(path) for path in libraries)}
    asked = [*command, "--batch", "--skip-column-names", *words[:-1], "--execute", words[-1]]
    return subprocess.run(asked, check=True, capture_output=True, text=True, env=environment).stdout


def main(*command: str) -> None:
    """Write the file for the server's version, one parameter a line."""
    number = ".".join(_ask(command, "SELECT VERSION()").split(".")[:2])
    lines = ",\n".join(json.dumps(parameter) for parameter in parameters(variables(command)))
    Path(__file__).with_name(f"parameters-{number}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

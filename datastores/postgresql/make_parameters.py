"""Writes `parameters-<major>.json`: what a tenant may set, from pg_settings of a running server of that version.

`python -m datastores.postgresql.make_parameters PSQL` asks the server that PGHOST, PGUSER and the like name. Left out
is what the service owns: what it sets itself, what its backups and replication rest on, what names files, programs or
libraries, what would keep it from administering the server, and what only a session sets.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from datastores.parameters import Entry

OWNED_CATEGORIES = frozenset(
    {
        "Connections and Authentication / SSL",
        "Customized Options",
        "Developer Options",
        "Error Handling",
        "File Locations",
        "Preset Options",
        "Replication / Primary Server",
        "Replication / Standby Servers",
        "Reporting and Logging / Where to Log",
        "Write-Ahead Log / Archive Recovery",
        "Write-Ahead Log / Archiving",
        "Write-Ahead Log / Recovery",
        "Write-Ahead Log / Recovery Target",
        "Write-Ahead Log / Summarization",
    }
)
OWNED = {
    "where the server is reached": (
        "bonjour bonjour_name listen_addresses port unix_socket_directories unix_socket_group unix_socket_permissions"
    ),
    "who logs in, and room for the service": (
        "db_user_namespace gss_accept_delegation krb_caseins_users krb_server_keyfile oauth_validator_libraries "
        "password_encryption reserved_connections superuser_reserved_connections"
    ),
    "what code the server loads": (
        "dynamic_library_path extension_control_path jit_provider local_preload_libraries output_plugin_libraries "
        "session_preload_libraries"
    ),
    "what backups and replication rest on": (
        "fsync full_page_writes idle_replication_slot_timeout max_replication_slots max_slot_wal_keep_size "
        "max_wal_senders wal_keep_size wal_level wal_log_hints wal_sync_method"
    ),
    "how the server fits into its host": (
        "cluster_name dynamic_shared_memory_type huge_page_size log_line_prefix shared_memory_type update_process_title"
    ),
    "what could lock the service out": (
        "allow_alter_system event_triggers restrict_nonsystem_relation_kind transaction_timeout"
    ),
    "what names files, or tablespaces, which tenants have none of": (
        "default_tablespace temp_tablespaces timezone_abbreviations"
    ),
    "what a session or transaction sets": (
        "application_name client_encoding session_replication_role transaction_deferrable transaction_isolation "
        "transaction_read_only"
    ),
}
TYPES = {"bool": "boolean", "integer": "integer", "real": "float", "enum": "string", "string": "string"}
PATTERNS = {"shared_preload_libraries": "([a-z0-9_]+(, ?[a-z0-9_]+)*)?"}
"""Rules of ours for texts that PostgreSQL would take as paths."""
LEAST = {"max_connections": 10}
"""Least values of ours: the server keeps some connections for its administration."""
QUERY = """
SELECT json_agg(json_build_object('name', lower(name), 'category', category, 'vartype', vartype, 'context', context,
       'short_desc', short_desc, 'unit', unit, 'min_val', min_val, 'max_val', max_val, 'enumvals', enumvals)
       ORDER BY lower(name)) FROM pg_settings
"""


def parameters(settings: list[Entry]) -> list[Entry]:
    """The tunable ones among the rows of pg_settings, as the catalog describes parameters."""
    owned = {name for names in OWNED.values() for name in names.split()}
    return [_parameter(row) for row in settings if row["category"] not in OWNED_CATEGORIES and row["name"] not in owned]


def _parameter(row: Entry) -> Entry:
    kind = TYPES[row["vartype"]]
    number = {"integer": int, "float": float}.get(kind)
    found = {
        "name": row["name"],
        "type": kind,
        "restart_required": row["context"] == "postmaster",
        "description": row["short_desc"],
        "unit": row["unit"],
        "min": number and max(number(row["min_val"]), LEAST.get(row["name"], number(row["min_val"]))),
        "max": number and number(row["max_val"]),
        "choices": row["enumvals"],
        "pattern": PATTERNS.get(row["name"]),
    }
    return {name: value for name, value in found.items() if value is not None}


def _ask(psql: str, query: str) -> Any:  # noqa: ANN401 - JSON
    said = subprocess.run([psql, "-XAtc", query], check=True, capture_output=True, text=True).stdout
    return json.loads(said)


def main(psql: str) -> None:
    """Write the file for the server's major version, one parameter a line."""
    major = _ask(psql, "SELECT current_setting('server_version_num')::int / 10000")
    lines = ",\n".join(json.dumps(parameter) for parameter in parameters(_ask(psql, QUERY)))
    Path(__file__).with_name(f"parameters-{major}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A PostgreSQL server on its host, and how its programs are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datastores.host import files
from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.node import Node as HostNode
from datastores.host.process import server_of
from datastores.host.settings import SettingsFile

SUPERUSER = "postgres"
TITLE = "PostgreSQL"
_SUMMARIZE_WAL_SINCE = 17
"""The major version from which the log can be summarized."""
MAINTENANCE = "pg_trove"
"""The service's own database, in which it works; no tenant's database can have a name that begins so."""
# Administration works the same whatever the tenant sets for roles, databases or the server: what the client asks for
# stands above all of these. Nothing that we send (verifiers among it) is kept in the server's log, even when it fails;
# nothing ends it early or makes it wait for a standby; no function or operator of a tenant's runs in it.
_OPTIONS = {
    "log_min_error_statement": "panic", "log_statement": "none", "log_duration": "off",
    "log_min_duration_statement": "-1", "log_min_duration_sample": "-1", "log_transaction_sample_rate": "0",
    "debug_print_parse": "off", "debug_print_rewritten": "off", "debug_print_plan": "off",
    "statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0", "default_transaction_read_only": "off", "default_transaction_deferrable": "off",
    "default_transaction_isolation": "read\\ committed", "synchronous_commit": "local", "search_path": "pg_catalog",
    "role": "none", "session_preload_libraries": "", "local_preload_libraries": "", "default_tablespace": "",
    "temp_tablespaces": "", "transform_null_equals": "off", "bytea_output": "hex",
    "client_min_messages": "notice", "lc_messages": "C",
}  # fmt: skip
_OPTIONS_SINCE_17 = {"event_triggers": "off", "transaction_timeout": "0"}
_EVENT_TRIGGERS_SINCE = 17

# one statement a line, as single-user mode reads them
_CREATE_MAINTENANCE = f"""\
CREATE DATABASE {MAINTENANCE} STRATEGY file_copy;
REVOKE CONNECT, TEMPORARY ON DATABASE {MAINTENANCE} FROM PUBLIC;
"""
_CONNECTABLE = """
SELECT encode(convert_to(datname, 'UTF8'), 'hex') FROM pg_database WHERE datallowconn AND datconnlimit <> -2;
"""


class ConnectionRefused(EngineError):
    """The server let no session begin; the text is its reason."""


@dataclass(frozen=True)
class Node(HostNode):
    """The server, and scripts that it runs for its superuser."""

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.number)

    @property
    def summarizes_log(self) -> bool:
        """Whether this version can summarize its log, for incremental backups."""
        return self.major >= _SUMMARIZE_WAL_SINCE

    @property
    def host_conf(self) -> SettingsFile:
        """Settings of this host; the data directory's postgresql.conf includes it by a relative path."""
        return SettingsFile(self.facts, self.facts.conf / "host.conf")

    @property
    def floors_conf(self) -> Path:
        """Least values that the data needs, over those of host.conf, which includes it."""
        return self.facts.conf / "floors.conf"

    @property
    def group_conf(self) -> Path:
        """What the server's place in a replication group needs, over host.conf, which includes it."""
        return self.facts.conf / "group.conf"

    @property
    def auto_conf(self) -> Path:
        """What ALTER SYSTEM writes, which would stand above host.conf."""
        return self.data / "postgresql.auto.conf"

    def own_settings(self) -> None:
        """Drop what ALTER SYSTEM wrote: the settings are the service's and the configuration group's."""
        if self.auto_conf.exists() and self.auto_conf.stat().st_size:
            self.write(self.auto_conf, "")

    @property
    def include(self) -> str:
        """The line of postgresql.conf that does so: backups, replicas and rewinds never carry a host's settings.

        `if_exists`, for who restores a backup with stock tools has no host.conf and needs none.
        """
        return "include_if_exists '../../conf/host.conf'\n"

    def connection(self, database: str = MAINTENANCE, user: str = SUPERUSER) -> dict[str, str]:
        """Environment of client programs: the superuser through the socket, known by its OS user, never a password."""
        options = _OPTIONS | (_OPTIONS_SINCE_17 if self.major >= _EVENT_TRIGGERS_SINCE else {})
        return {
            "PGHOST": str(self.facts.run),
            "PGPORT": str(self.port),
            "PGUSER": user,
            "PGDATABASE": database,  # a plain name here, unlike as an argument, where 'a=b' is a connection string
            "PGCLIENTENCODING": "UTF8",
            "PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in options.items()),
        }

    def psql_command(self) -> list[str | Path]:
        """Runs the script on its stdin, stops at the first error, prints bare values."""
        return [
            self.bin / "psql", "-X", "-w", "-q", "-A", "-t",
            "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", "-f", "-",
        ]  # fmt: skip

    def psql(self, script: str, database: str = MAINTENANCE) -> str:
        """Output of a script. A way in that the tenant has barred is opened first, as far as that can be done.

        Raises:
            ConnectionRefused: there is no way into the database.
            EngineError: a statement failed; PostgreSQL's own words.
        """
        from datastores.postgresql.engine import lockout

        try:
            return self.run(script, self.connection(database))
        except ConnectionRefused:
            return lockout.retry(self, script, database)

    def run(self, script: str, connection: dict[str, str]) -> str:
        """Output of a script over a connection as it is. Raises ConnectionRefused, EngineError."""
        try:
            return self.programs.run(self.psql_command(), script, connection).strip()
        except ProgramFailed as error:
            if (refused := refusal(str(error))) is not None:
                raise refused from error
            words = [line.partition("ERROR:")[2].strip() for line in str(error).splitlines() if "ERROR:" in line]
            if not words:
                raise
            raise EngineError(f"PostgreSQL refused: {words[-1]}") from error

    def runs(self) -> bool:
        """Whether a server runs on the data directory."""
        return server_of(self.data / "postmaster.pid", self.data) is not None

    def connectable(self) -> list[str]:
        """Names of the databases that accept connections. Raises as `psql`."""
        return [bytes.fromhex(line).decode() for line in self.psql(_CONNECTABLE).splitlines()]

    def check_catalogs(self) -> None:
        """Look into the catalog of every database that accepts connections; one whose deletion was interrupted does
        not. Raises EngineError."""
        for name in self.connectable():
            if int(self.psql("SELECT count(*) FROM pg_class;", name)) == 0:
                raise EngineError(f"database '{name}' has no catalog")

    def initdb(self) -> None:
        """Make data with checksums, in UTF-8 and the language-neutral locale, in `staging`. What is made is safe on
        the disk after `sync_staging`, or after pg_upgrade, which does the same."""
        files.remove_tree(self.staging)
        command: list[str | Path] = [
            self.bin / "initdb", "-D", self.staging, "-U", SUPERUSER, "--encoding", "UTF8", "--locale", "C.UTF-8",
            "--data-checksums", "--auth-local", "peer", "--auth-host", "scram-sha-256", "--no-instructions",
            "--no-sync",
        ]  # fmt: skip
        self.programs.run(command)

    def create_maintenance_database(self) -> None:
        """Make the service's database in `staging`, which takes a server with clients five times as long."""
        command: list[str | Path] = [
            self.bin / "postgres", "--single", "-F", "-D", self.staging, "-c", "exit_on_error=on", "template1",
        ]  # fmt: skip
        self.programs.run(command, _CREATE_MAINTENANCE)

    def sync_staging(self) -> None:
        """Have all of `staging` on the disk."""
        self.programs.run([self.bin / "initdb", "--sync-only", "-D", self.staging])


def refusal(said: str) -> ConnectionRefused | None:
    """What a client program says of a session that was refused to it; None when it says nothing such."""
    reasons = [line.partition("FATAL:")[2].strip() for line in said.splitlines() if "FATAL:" in line]
    return ConnectionRefused(f"PostgreSQL refused: {reasons[-1]}") if reasons else None

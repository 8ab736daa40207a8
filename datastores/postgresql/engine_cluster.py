"""Where a PostgreSQL server's things are on its host, and how its programs are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datastores.host import files
from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.facts import Facts
from datastores.host.process import Programs

SUPERUSER = "postgres"
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

_CONNECTABLE = """
SELECT encode(convert_to(datname, 'UTF8'), 'hex') FROM pg_database WHERE datallowconn AND datconnlimit <> -2;
"""


class ConnectionRefused(EngineError):
    """The server let no session begin; the text is its reason."""


@dataclass(frozen=True)
class Cluster:
    """One server: `bin` has its programs, `major` is its major version."""

    facts: Facts
    programs: Programs
    bin: Path
    major: int
    port: int

    @property
    def data(self) -> Path:
        """The data directory, on the volume."""
        return self.facts.data / "postgresql"

    @property
    def making(self) -> Path:
        """Where a data directory is made before it gets its name."""
        return self.facts.data / "postgresql.tmp"

    @property
    def host_conf(self) -> Path:
        """Settings of this host; the data directory's postgresql.conf includes it by a relative path."""
        return self.facts.conf / "host.conf"

    @property
    def floors_conf(self) -> Path:
        """Least values that the data needs, over those of host.conf, which includes it."""
        return self.facts.conf / "floors.conf"

    @property
    def auto_conf(self) -> Path:
        """What ALTER SYSTEM writes, which would stand above host.conf."""
        return self.data / "postgresql.auto.conf"

    def own_settings(self) -> None:
        """Drop what ALTER SYSTEM wrote: the settings are the service's and the configuration group's."""
        if self.auto_conf.exists() and self.auto_conf.stat().st_size:
            files.write_text(self.auto_conf, "")
            self.facts.give(self.auto_conf)

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
        from datastores.postgresql import engine_way_in

        try:
            return self.run(script, self.connection(database))
        except ConnectionRefused:
            return engine_way_in.force(self, script, database)

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

    def connectable(self) -> list[str]:
        """Names of the databases that accept connections. Raises as `psql`."""
        return [bytes.fromhex(line).decode() for line in self.psql(_CONNECTABLE).splitlines()]

    def take_place(self) -> None:
        """Give the data directory that was made its name, in one step."""
        self.making.rename(self.data)


def refusal(said: str) -> ConnectionRefused | None:
    """What a client program says of a session that was refused to it; None when it says nothing such."""
    reasons = [line.partition("FATAL:")[2].strip() for line in said.splitlines() if "FATAL:" in line]
    return ConnectionRefused(f"PostgreSQL refused: {reasons[-1]}") if reasons else None

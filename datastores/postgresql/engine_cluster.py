"""Where a PostgreSQL server's things are on its host, and how its programs are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.facts import Facts
from datastores.host.process import Programs

SUPERUSER = "postgres"
# Administration works the same whatever the tenant sets: nothing that we send (verifiers among it) is kept in the
# server's log, even when it fails; nothing ends it early; no function or operator of a tenant's runs in it.
_OPTIONS = {
    "log_min_error_statement": "panic", "log_statement": "none", "log_duration": "off",
    "log_min_duration_statement": "-1", "log_min_duration_sample": "-1", "log_transaction_sample_rate": "0",
    "debug_print_parse": "off", "debug_print_rewritten": "off", "debug_print_plan": "off",
    "statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0", "default_transaction_read_only": "off", "search_path": "pg_catalog",
    "client_min_messages": "notice", "lc_messages": "C",
}  # fmt: skip


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
    def include(self) -> str:
        """The line of postgresql.conf that does so: backups, replicas and rewinds never carry a host's settings.

        `if_exists`, for who restores a backup with stock tools has no host.conf and needs none.
        """
        return "include_if_exists '../../conf/host.conf'\n"

    def connection(self, database: str = "postgres") -> dict[str, str]:
        """Environment of client programs: the superuser through the socket, known by its OS user, never a password."""
        return {
            "PGHOST": str(self.facts.run),
            "PGPORT": str(self.port),
            "PGUSER": SUPERUSER,
            "PGDATABASE": database,  # a plain name here, unlike as an argument, where 'a=b' is a connection string
            "PGCLIENTENCODING": "UTF8",
            "PGOPTIONS": " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items()),
        }

    def psql_command(self) -> list[str | Path]:
        """Runs the script on its stdin, stops at the first error, prints bare values."""
        return [
            self.bin / "psql", "-X", "-w", "-q", "-A", "-t",
            "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", "-f", "-",
        ]  # fmt: skip

    def psql(self, script: str, database: str = "postgres") -> str:
        """Output of a script. Raises EngineError with PostgreSQL's own words."""
        try:
            return self.programs.run(self.psql_command(), script, self.connection(database)).strip()
        except ProgramFailed as error:
            words = [line.partition("ERROR:")[2].strip() for line in str(error).splitlines() if "ERROR:" in line]
            if not words:
                raise
            raise EngineError(f"PostgreSQL refused: {words[-1]}") from error

    def take_place(self) -> None:
        """Give the data directory that was made its name, in one step."""
        self.making.rename(self.data)

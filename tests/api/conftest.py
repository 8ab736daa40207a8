"""Databases of the tests' own, on each server that the state supports."""

import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from deploy.local.engines import trees
from functions.base.settings import get_settings
from functions.state import database
from functions.state.migrations import upgrade

MARIADB_SECONDS = 30
_AS_ROOT = ["--user=root"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """URL of a MariaDB of this run's own, with the programs of the datastore."""
    home = trees.directory() / "mariadb-10.11" / "usr"
    server, install = home / "sbin" / "mariadbd", home / "bin" / "mariadb-install-db"
    if not server.exists():
        pytest.skip("MariaDB is not here, so PostgreSQL alone is tested: get it with 'trovectl datastores --fetch'")
    libraries = ":".join(str(path) for path in home.glob("lib/*-linux-gnu"))
    environment = os.environ | {"LD_LIBRARY_PATH": libraries}
    with tempfile.TemporaryDirectory(prefix="trove-") as directory:
        socket = Path(directory) / "socket"
        common = ["--no-defaults", f"--basedir={home}", f"--datadir={directory}/data", *_AS_ROOT]
        subprocess.run(
            [install, *common, "--auth-root-authentication-method=normal"],
            check=True, capture_output=True, env=environment,
        )  # fmt: skip
        command: list[str | Path] = [server, *common, f"--socket={socket}", "--skip-networking"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
            yield _when_ready(f"mysql+pymysql://root@/{{}}?unix_socket={socket}")
            process.terminate()


def _when_ready(url: str) -> str:
    limit = time.monotonic() + MARIADB_SECONDS
    while True:
        try:
            with create_engine(url.format("mysql")).connect():
                return url
        except OperationalError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)


@pytest.fixture(params=["postgresql", "mariadb"])
def empty_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a database with nothing in it."""
    if request.param == "mariadb":
        server, admin = request.getfixturevalue("mariadb_server"), "mysql"
    else:
        server, admin = request.getfixturevalue("postgresql_server"), "postgres"
    name = f"migrations_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server.format(admin), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server.format(name)
        connection.execute(text(f"DROP DATABASE {name}"))


@pytest.fixture
def state(empty_database: str, product_environment: dict[str, str]) -> Iterator[None]:
    """The product's state in a database of this test's own, that no sweep looks at."""
    upgrade(empty_database)
    settings = get_settings()
    usual = settings.database_url
    settings.database_url = SecretStr(empty_database)
    database.engine.cache_clear()
    yield
    database.engine().dispose()
    database.engine.cache_clear()
    settings.database_url = usual

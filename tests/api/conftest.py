"""Databases of the tests' own, on each server that the state supports."""

import shutil
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

from functions.runtime.settings import get_settings
from functions.state import database
from functions.state.migrations import upgrade

MARIADB_SECONDS = 30


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """URL of a MariaDB of this run's own, where the machine has its server."""
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    if server is None or install is None:
        pytest.skip("no mariadbd on this machine: migrations are tested on PostgreSQL alone (apt: mariadb-server)")
    with tempfile.TemporaryDirectory(prefix="trove-") as directory:
        data, socket = Path(directory) / "data", Path(directory) / "socket"
        subprocess.run(
            [install, f"--datadir={data}", "--user=root", "--auth-root-authentication-method=normal"],
            check=True,
            capture_output=True,
        )
        arguments = [server, f"--datadir={data}", f"--socket={socket}", "--skip-networking", "--user=root"]
        with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as process:
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

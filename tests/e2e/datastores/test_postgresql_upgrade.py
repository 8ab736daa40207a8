"""PostgreSQL's data taken over by a newer version, on real servers of both, with the job killed on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from datastores.catalog import catalog
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver
from tests.support.takeover import NEW, OLD, require_takeover

PASSWORD = "a canary's p4ssw0rd"
SHOP = {"name": "shop"}
ALICE = {"name": "alice", "password": PASSWORD, "host": "%", "databases": [SHOP["name"]]}
ROWS = "SELECT count(*), sum(n), md5(string_agg(text, '' ORDER BY n)) FROM rows"
WAIT_SECONDS = 30.0
_numbers = count(1)


def settings_of(version: str) -> dict[str, Any]:
    return {"settings": catalog().version("postgresql", version).settings_for(512, 2)}


def do(host: HostDriver, action: str, version: str, **more: object) -> dict[str, Any]:
    """Run one job of an operation of its own, with the engine of a version."""
    host.fence = next(_numbers)
    host.version = catalog().version("postgresql", version)
    return host.run(f"op{host.fence}-{action}", action, {} if action == "stop" else settings_of(version) | more)


def done(host: HostDriver, action: str, version: str, **more: object) -> dict[str, Any]:
    state = do(host, action, version, **more)
    assert state["state"] == "succeeded", state
    result: dict[str, Any] = state["result"]
    return result


def query(host: HostDriver, sql: str, user: str = "alice") -> Any:  # noqa: ANN401 - rows
    """Rows, as a tenant gets them over the network."""
    connection = psycopg2.connect(host=host.address, port=5432, dbname="shop", user=user, password=PASSWORD)
    with closing(connection):
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def data_directories(host: HostDriver) -> set[str]:
    return {path.name for path in (host.root / "data").iterdir()}


def converted(host: HostDriver) -> bool:
    """Whether there is no way back, as the engine says."""
    host.version = catalog().version("postgresql", NEW)
    answer: bool = host.call("converted")["result"]["converted"]
    return answer


@pytest.fixture(scope="module")
def filled(hosts: Hosts) -> HostDriver:
    """A host with an instance of the old version, stopped, to take copies from."""
    require_takeover()
    made = hosts.make("postgresql", OLD)
    assert done(made, "create", OLD, databases=[SHOP], users=[ALICE])["version"].startswith(OLD)
    query(made, "CREATE TABLE rows AS SELECT n, md5(n::text) AS text FROM generate_series(1, 20000) AS n")
    query(made, "CREATE INDEX ON rows (n); CREATE STATISTICS together ON n, text FROM rows; ANALYZE rows")
    done(made, "stop", OLD)
    return made


@pytest.fixture
def host(hosts: Hosts, filled: HostDriver) -> Iterator[HostDriver]:
    """A copy of it, running; the upgrade to the version that it has is what starts it at its own address."""
    made = hosts.make("postgresql", OLD)
    subprocess.run(["cp", "-a", filled.root / "data", made.root / "data"], check=True)
    done(made, "upgrade", OLD)
    assert query(made, "SHOW server_version_num")[0][0].startswith(OLD)
    yield made
    made.destroy()


@pytest.fixture
def rows(host: HostDriver) -> Any:  # noqa: ANN401 - rows
    """What must be there afterwards."""
    return query(host, ROWS)


def kill(host: HostDriver, version: str, when: Callable[[Path], bool]) -> None:
    """Start an upgrade and kill its supervisor as soon as a condition of the job's directory holds."""
    host.fence, host.version = next(_numbers), catalog().version("postgresql", version)
    job = f"op{host.fence}-upgrade"
    host.start(job, "upgrade", settings_of(version))
    directory = host.root / "jobs" / job
    deadline = time.monotonic() + WAIT_SECONDS
    while not when(directory):
        assert time.monotonic() < deadline
        time.sleep(0.0002)  # the shortest phases last a few milliseconds
    os.kill(json.loads((directory / "status.json").read_text())["pid"], signal.SIGKILL)
    assert host.finish(job)["state"] == "dead"


def in_phase(phase: str) -> Callable[[Path], bool]:
    """The job has come to a phase."""
    return lambda job: (job / "progress.json").exists() and f'"{phase}"' in (job / "progress.json").read_text()


def while_copying(job: Path) -> bool:
    """pg_upgrade works on the new data, with a server of its own."""
    return (job.parents[1] / "data/postgresql.tmp/postmaster.pid").exists()


def exchange_halfway(host: HostDriver) -> None:
    """Die between the two renames."""
    kill(host, NEW, in_phase("configure"))
    (host.root / "data/postgresql").rename(host.root / "data/postgresql.tmp")


def test_the_data_is_there_in_the_new_version_and_the_old_is_gone(host: HostDriver, rows: Any) -> None:  # noqa: ANN401
    query(host, "INSERT INTO rows VALUES (0, 'the last words')")
    os.kill(int((host.root / "data/postgresql/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert not converted(host)
    assert done(host, "upgrade", NEW)["version"].startswith(NEW)
    assert query(host, "DELETE FROM rows WHERE n = 0 RETURNING text") == [("the last words",)], "the log was replayed"
    assert query(host, ROWS) == rows
    assert query(host, "SHOW summarize_wal") == [("on",)], "the settings are the new version's"
    assert query(host, "SELECT count(*) FROM pg_stats_ext WHERE statistics_name = 'together'") == [(1,)]
    assert data_directories(host) == {"postgresql"}
    assert converted(host)
    back = do(host, "upgrade", OLD)
    assert "is PostgreSQL 18's, which 15 does not take over" in back["error"]["message"]
    done(host, "upgrade", NEW)
    assert query(host, ROWS) == rows


def test_an_upgrade_that_was_killed_is_undone_or_goes_on(host: HostDriver, rows: Any) -> None:  # noqa: ANN401
    for moment in ("while copying", "halfway"):
        kill(host, NEW, while_copying) if moment == "while copying" else exchange_halfway(host)
        assert not converted(host)
        assert done(host, "upgrade", OLD)["version"].startswith(OLD)
        assert query(host, ROWS) == rows
        assert data_directories(host) == {"postgresql"}
    exchange_halfway(host)
    assert done(host, "upgrade", NEW)["version"].startswith(NEW)
    assert query(host, ROWS) == rows
    assert data_directories(host) == {"postgresql"}


def test_what_the_new_version_cannot_take_over_is_told_and_nothing_is_lost(host: HostDriver, rows: Any) -> None:  # noqa: ANN401
    host.version, host.fence = catalog().version("postgresql", OLD), next(_numbers)
    assert host.call("enable_root", {"password": PASSWORD}, host.fence)["ok"]
    query(host, "CREATE EXTENSION adminpack", user="root")  # it ended with PostgreSQL 17
    message = do(host, "upgrade", NEW)["error"]["message"]
    assert message == "PostgreSQL 18 has no extension adminpack here, which database 'shop' uses: drop it there first"
    assert query(host, ROWS) == rows
    query(host, "DROP EXTENSION adminpack; CREATE TABLE rights (a aclitem)", user="root")  # its form changed in 16
    state = do(host, "upgrade", NEW)
    assert state["state"] == "failed"
    assert "pg_upgrade cannot take over the data" in state["error"]["message"]
    assert "aclitem" in state["error"]["message"]
    done(host, "upgrade", OLD)
    assert query(host, ROWS) == rows
    assert data_directories(host) == {"postgresql"}
    done(host, "stop", OLD)
    (host.root / "data/postgresql/PG_VERSION").write_text("12\n")
    assert "is PostgreSQL 12's, which 18 does not take over" in do(host, "upgrade", NEW)["error"]["message"]

"""PostgreSQL's engine on a real server: create, use, back up, restore, and what happens when things go wrong."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastores.catalog import catalog
from tests.e2e.datastores.conftest import Hosts
from tests.support.clock import Clock
from tests.support.host_driver import HostDriver, as_engine_user
from tests.support.tempurl_sink import ROOT, Fault, TempUrlSink

PASSWORD = "a canary's p4ssw0rd; \\ \" é"
SHOP = {"name": "shop"}
ALICE = {"name": "alice", "password": PASSWORD, "host": "%", "databases": [SHOP["name"]]}
_numbers = count(1)


def arguments(**more: object) -> dict[str, Any]:
    """Arguments of create or restore with the default settings of a small flavor."""
    defaults = catalog().version("postgresql", None).settings_for(512, 2)
    return {"settings": defaults, "databases": [], "users": [], **more}


def do(host: HostDriver, action: str, **more: object) -> dict[str, Any]:
    """Run one job of an operation of its own."""
    number = next(_numbers)
    host.fence = number
    return host.run(f"op{number}-{action}", action, dict(more))


def done(host: HostDriver, action: str, **more: object) -> dict[str, Any]:
    """The result of a job that must succeed."""
    state = do(host, action, **more)
    assert state["state"] == "succeeded", state
    result: dict[str, Any] = state["result"]
    return result


def query(host: HostDriver, sql: str, database: str = "shop", user: str = "alice", password: str = PASSWORD) -> Any:  # noqa: ANN401 - rows
    """Rows, as a tenant gets them over the network."""
    connection = psycopg2.connect(host=host.address, port=5432, dbname=database, user=user, password=password)
    with closing(connection):
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture(scope="module")
def host(hosts: Hosts) -> Iterator[HostDriver]:
    """A host with a created instance, a database, a user and rows."""
    made = hosts.make("postgresql")
    assert done(made, "create", **arguments(databases=[SHOP], users=[ALICE]))["version"].startswith("18")
    query(made, "CREATE TABLE rows AS SELECT n, md5(n::text) AS text FROM generate_series(1, 20000) AS n")
    yield made


ROWS = "SELECT count(*), sum(n), md5(string_agg(text, '' ORDER BY n)) FROM rows"


def test_the_server_is_set_up_as_promised(host: HostDriver) -> None:
    def show(name: str) -> str:
        value: str = query(host, f"SHOW {name}")[0][0]
        return value

    expected = {
        "data_checksums": "on", "server_encoding": "UTF8", "wal_level": "replica", "archive_mode": "on",
        "summarize_wal": "on", "max_connections": "51", "shared_buffers": "128MB", "listen_addresses": host.address,
    }  # fmt: skip
    assert {name: show(name) for name in expected} == expected
    assert host.call("status")["result"]["running"]


def test_only_the_password_opens_and_only_the_granted_database(host: HostDriver) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        query(host, "SELECT 1", password="wrong")
    for database in ("postgres", "template1"):
        assert _refused(host, database, "alice")
    for database in ("postgres", "shop"):
        assert _refused(host, database, "postgres")


def _refused(host: HostDriver, database: str, user: str) -> bool:
    try:
        query(host, "SELECT 1", database=database, user=user)
    except psycopg2.OperationalError:
        return True
    return False


def test_create_again_changes_nothing(host: HostDriver) -> None:
    before = query(host, ROWS)
    done(host, "create", **arguments(databases=[SHOP], users=[ALICE]))
    assert query(host, ROWS) == before


def test_restart_stop_start_and_boot(host: HostDriver) -> None:
    before = query(host, ROWS)
    started = query(host, "SELECT pg_postmaster_start_time()")
    done(host, "restart")
    assert query(host, "SELECT pg_postmaster_start_time()") > started
    boot = host.root / "boot" / "postgresql"
    assert os.access(boot, os.X_OK)
    done(host, "stop")
    done(host, "stop")
    assert host.call("status")["result"] == {"running": False, "version": None, "problem": None}
    assert not boot.exists()
    done(host, "start")
    done(host, "start")
    assert query(host, ROWS) == before


def test_it_starts_again_after_a_crash_though_its_process_number_was_given_to_another(host: HostDriver) -> None:
    before = query(host, ROWS)
    pid_file = host.root / "data/postgresql/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    _until(lambda: not Path(f"/proc/{lines[0]}/exe").exists())
    with subprocess.Popen(["sleep", "10"], cwd="/", **as_engine_user()) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        (host.root / "run/.s.PGSQL.5432.lock").write_text(f"{other.pid}\n")
        environment = {"TROVE_HOST_FACTS": str(host.root / "facts.json"), "PATH": os.environ["PATH"]}
        subprocess.run([str(host.root / "boot" / "postgresql")], check=True, env=environment, **as_engine_user())
        other.kill()
    assert query(host, ROWS) == before


def test_a_backup_is_restored_elsewhere(host: HostDriver, hosts: Hosts, sink: TempUrlSink) -> None:
    sink.faults = deque([Fault.UNAVAILABLE, Fault.RESET, Fault.WRONG_ETAG])
    stored = done(host, "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    assert sink.order[-1] == f"{ROOT}b/segments.json"
    segments = [body for path, body in sink.objects.items() if "/segments/" in path]
    assert stored["segments"] == len(segments) == len(sink.objects) - 2
    manifest = json.loads(sink.objects[sink.order[-1]])
    assert manifest["bytes_stored"] == stored["bytes_stored"] == sum(map(len, segments))
    assert manifest["state"]["size_bytes"] == len(sink.objects[f"{ROOT}b/state"])
    assert json.loads(sink.objects[f"{ROOT}b/state"])["PostgreSQL-Backup-Manifest-Version"] == 2
    assert _slots(host) == "0"

    other = hosts.make("postgresql")
    bob = {"name": "bob", "password": "bob's", "databases": [SHOP["name"]]}
    done(other, "restore", download=[sink.address("GET", "b")], **arguments(users=[bob]))
    assert query(other, ROWS) == query(host, ROWS)
    assert query(other, "SELECT 1", user="bob", password="bob's") == [(1,)]
    assert query(other, "SHOW listen_addresses") == [(other.address,)]
    done(other, "restore", download=[sink.address("GET", "b")], **arguments(users=[bob]))


def test_a_backup_is_restored_by_stock_tools(host: HostDriver, sink: TempUrlSink, tmp_path: Path) -> None:
    done(host, "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    stored = b"".join(sink.objects[path] for path in sorted(sink.objects) if "/segments/" in path)
    unpack = subprocess.run(["tar", "-x", "--zstd", "-C", tmp_path], input=stored, check=False)
    assert unpack.returncode == 0
    assert (tmp_path / "PG_VERSION").read_text() == "18\n"


def test_a_refused_upload_fails_the_backup_and_leaves_no_slot(host: HostDriver, sink: TempUrlSink) -> None:
    sink.faults = deque([Fault.UNAUTHORIZED])
    state = do(host, "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 18)
    assert (state["state"], state["error"]["type"]) == ("failed", "storage_refused")
    assert f"{ROOT}b/segments.json" not in sink.objects
    assert _slots(host) == "0"


def test_a_backup_whose_supervisor_is_killed_is_dead_and_leaves_nothing(host: HostDriver, sink: TempUrlSink) -> None:
    before = set(host.processes())
    sink.release.clear()
    host.fence = next(_numbers)
    job = f"op{host.fence}-backup"
    host.start(job, "backup", {"upload": sink.address("PUT", "b"), "segment_bytes": 1 << 18})
    _until(lambda: _slots(host) == "1")
    status = json.loads((host.root / "jobs" / job / "status.json").read_text())
    os.kill(status["pid"], signal.SIGKILL)
    assert host.poll(job, 10)["state"] == "dead"
    _until(lambda: _slots(host) == "0")
    _until(lambda: not _programs(set(host.processes()) - before))
    assert f"{ROOT}b/segments.json" not in sink.objects


@pytest.mark.parametrize("seconds", [-3600, 7200])
def test_e4_the_clock_is_set_while_a_backup_is_made(
    host: HostDriver, sink: TempUrlSink, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    clock = Clock(host.root)
    monkeypatch.setattr(host, "environment", clock.environment())
    sink.release.clear()
    host.fence = next(_numbers)
    job = f"op{host.fence}-backup"
    host.start(job, "backup", {"upload": sink.address("PUT", "b"), "segment_bytes": 1 << 18})
    _until(lambda: _slots(host) == "1")
    clock.ahead(seconds)
    sink.release.set()
    assert host.finish(job)["state"] == "succeeded"
    status = json.loads((host.root / "jobs" / job / "status.json").read_text())
    assert abs(status["ended"] - status["started"] - seconds) < abs(seconds) / 2
    assert f"{ROOT}b/segments.json" in sink.objects


def test_a_damaged_backup_is_not_restored(host: HostDriver, hosts: Hosts, sink: TempUrlSink) -> None:
    done(host, "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    sink.faults = deque([Fault.DAMAGED])
    other = hosts.make("postgresql")
    state = do(other, "restore", download=[sink.address("GET", "b")], **arguments())
    assert (state["state"], state["error"]["type"]) == ("failed", "damaged_backup")
    assert not (other.root / "data/postgresql").exists()


def test_a_create_that_was_interrupted_is_finished_by_the_next(hosts: Hosts) -> None:
    made = hosts.make("postgresql")
    for phase in ("initialize", "start", "users"):
        _kill_in_phase(made, phase)
    done(made, "create", **arguments(databases=[SHOP], users=[ALICE]))
    assert query(made, "SELECT 1") == [(1,)]


def _kill_in_phase(host: HostDriver, phase: str) -> None:
    """Start a create and kill its supervisor as soon as it reaches a phase."""
    host.fence = next(_numbers)
    job = f"op{host.fence}-create"
    host.start(job, "create", arguments(databases=[SHOP], users=[ALICE]))
    progress, status = host.root / "jobs" / job / "progress.json", host.root / "jobs" / job / "status.json"

    def reached() -> bool:
        ended = json.loads(status.read_text())["state"] != "running"
        return ended or (progress.exists() and phase in progress.read_text())

    _until(reached)
    now = json.loads(status.read_text())
    if now["state"] == "running":
        os.kill(now["pid"], signal.SIGKILL)
    host.finish(job)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"settings": {"shared_buffers": "plenty"}}, 'invalid value for parameter "shared_buffers"'),
        ({"settings": {"no such; thing": 1}}, "is not the name of a PostgreSQL setting"),
        ({"databases": [{"name": "d", "character_set": "KLINGON"}]}, "KLINGON is not a valid encoding name"),
        ({"databases": [{"name": "d", "collate": "xx_XX"}]}, "xx_XX"),
        ({"databases": [{"name": "template1"}]}, "is reserved"),
        ({"users": [{"name": "pg_x", "password": "p"}]}, "is reserved"),
        ({"users": [{"name": "u", "password": "p", "databases": ["nosuch"]}]}, '"nosuch" does not exist'),
        ({"users": [{"name": "u", "password": "p", "host": "10.0.0.1"}]}, "its users have no host"),
    ],
)
def test_wrong_arguments_are_told_clearly(hosts: Hosts, more: dict[str, Any], words: str) -> None:
    made = hosts.make("postgresql")
    state = do(made, "create", **arguments(**more))
    made.destroy()
    assert state["state"] == "failed"
    assert words in state["error"]["message"]
    assert state["error"]["type"] in {"bad_request", "engine_error"}


def test_a_port_that_is_taken_is_told(host: HostDriver, hosts: Hosts) -> None:
    made = hosts.make("postgresql")
    facts = json.loads((made.root / "facts.json").read_text()) | {"address": host.address}
    (made.root / "facts.json").write_text(json.dumps(facts))
    state = do(made, "create", **arguments())
    assert state["error"]["type"] == "engine_error"
    assert "Address already in use" in state["error"]["message"]


def test_a_version_that_is_not_for_this_substrate_is_refused(host: HostDriver) -> None:
    request = {"command": "call", "action": "status", "arguments": {}, "datastore": "postgresql", "version": "17"}
    error = host.ask(request)["error"]
    assert "not available on hosts of substrate 'local'" in error["message"]


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=15).map(lambda text: f"x{text}")
NASTY = [
    "a\"b'c",
    "x;--",
    "$$",
    "%I",
    "\\gexec",
    ":x",
    "a=b host=c",
    "postgresql://u@h/d",
    "ü\u202e\u00a0ß",
    "x\\'; DROP",
]


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=3, max_size=3, unique=True))
def test_any_name_and_password_is_only_that(host: HostDriver, names: list[str]) -> None:
    _use(host, *names)


@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_names_and_passwords(host: HostDriver, nasty: str) -> None:
    _use(host, f"d{nasty}", f"u{nasty}", nasty)


def _use(host: HostDriver, database: str, user: str, password: str) -> None:
    wanted = {"name": user, "password": password, "databases": [database]}
    done(host, "create", **arguments(databases=[{"name": database}], users=[wanted]))
    found = query(host, "SELECT current_database(), current_user", database, user, password)
    assert found == [(database, user)]
    query(host, "CREATE TABLE IF NOT EXISTS mine (n int)", database, user, password)


def test_no_secret_is_left_anywhere(host: HostDriver) -> None:
    canary = PASSWORD.encode()
    for path in (path for path in host.root.rglob("*") if stat.S_ISREG(path.stat().st_mode)):
        content = path.read_bytes()
        assert canary not in content, path
        if "data" not in path.parts:
            assert b"SCRAM-SHA-256$" not in content, path
    for pid in host.processes():
        for name in ("cmdline", "environ"):
            assert canary not in Path(f"/proc/{pid}/{name}").read_bytes()


def _slots(host: HostDriver) -> str:
    return str(query(host, "SELECT count(*) FROM pg_replication_slots")[0][0])


def _programs(pids: set[int]) -> list[str]:
    """Names of those processes that still run and are not the server's own."""
    names = []
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/stat").read_text()
            if words.rpartition(")")[2].split()[0] != "Z" and "(postgres)" not in words:
                names.append(words)
        except OSError:
            continue
    return names


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
